// HTTP of the simulated OpenTSDB 2.4: Netty's limits, the endpoints, and the sending of answers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { answerAnnotations } from './annotation.ts';
import {
  BadRequest,
  chunkedRefused,
  endpointNotFound,
  errorAnswer,
  jsonAnswer,
  type HttpAnswer,
  type TsdAnswer,
} from './answers.ts';
import { answerPut, type Sleep } from './put.ts';
import { aggregatorNames } from './query/aggregators.ts';
import { answerQuery } from './query/answer.ts';
import { filterTypes } from './query/filters.ts';
import type { TsdStore } from './store.ts';
import { answerAssign } from './uid-assign.ts';
import type { UidKind } from './uids.ts';

const unzip = promisify(gunzip);

/** Netty's maxChunkSize. A longer body counts as chunked. */
const maxWholeBytes = 8192;

export interface TsdHttpOptions {
  readonly store: TsdStore;
  /** max_chunk of tsd.http.request.enable_chunked; undefined if that is off, the default. */
  readonly maxChunkBytes: number | undefined;
  readonly isReadOnly: boolean;
  readonly version: string;
  /** The answer of /api/config. */
  readonly config: Readonly<Record<string, string>>;
  readonly sleep: Sleep;
}

/** A request being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** The body as sent, read at the first call. */
  body(): Promise<Buffer>;
}

export function exchange(request: IncomingMessage): Exchange {
  let body: Promise<Buffer> | undefined;
  return { request, body: () => (body ??= buffer(request)) };
}

/** Limits count the bytes as sent, before decompression. */
export async function answerHttp(options: TsdHttpOptions, { request, body: read }: Exchange): Promise<TsdAnswer> {
  const { expect, ...headers } = request.headers;
  const isLong = Number(headers['content-length'] ?? 0) > maxWholeBytes;
  const isChunked = headers['transfer-encoding'] !== undefined || expect !== undefined || isLong;
  if (isChunked && options.maxChunkBytes === undefined) {
    // With Expect the client has sent no body yet.
    if (expect === undefined) await read();
    return chunkedRefused();
  }
  const body = await read();
  if (isChunked && body.length > (options.maxChunkBytes ?? 0)) return 'close';
  try {
    const text = headers['content-encoding'] === 'gzip' ? await unzip(body) : body;
    return await route(options, request, text.toString());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code?.startsWith('Z_') === true) return 'close';
    return errorAnswer(error instanceof BadRequest ? 400 : 500, (error as Error).message);
  }
}

async function route(options: TsdHttpOptions, request: IncomingMessage, text: string): Promise<HttpAnswer> {
  const { store, isReadOnly, version, config, sleep } = options;
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://tsd');
  const method = request.method ?? 'GET';
  switch (pathname.replace(/\/$/, '')) {
    case '/api/put':
      return isReadOnly ? endpointNotFound() : answerPut(store, { method, query, text }, sleep);
    case '/api/uid/assign':
      return isReadOnly ? endpointNotFound() : answerAssign(store.uids, { method, query, text });
    case '/api/annotation/bulk':
      return isReadOnly ? endpointNotFound() : answerAnnotations(store.annotations, method, text);
    case '/api/version': {
      const revision = { short_revision: '', full_revision: '', repo_status: 'MODIFIED' };
      return jsonAnswer(200, { version, ...revision, host: 'simulator' });
    }
    case '/api/config':
      return jsonAnswer(200, config);
    case '/api/suggest':
      return answerSuggest(store, query);
    case '/api/query':
      return answerQuery(store, method, text);
    case '/api/aggregators':
      return jsonAnswer(200, aggregatorNames);
    case '/api/config/filters':
      return jsonAnswer(200, Object.fromEntries(filterTypes.map((type) => [type, { description: '', examples: '' }])));
    default:
      return endpointNotFound();
  }
}

const suggestKinds: Readonly<Record<string, UidKind>> = { metrics: 'metric', tagk: 'tagk', tagv: 'tagv' };

function answerSuggest(store: TsdStore, query: URLSearchParams): HttpAnswer {
  const kind = suggestKinds[query.get('type') ?? ''];
  if (kind === undefined) return errorAnswer(400, `Invalid 'type' parameter:${query.get('type')}`);
  return jsonAnswer(200, store.uids.suggest(kind, query.get('q') ?? '', Number(query.get('max') ?? 25)));
}

export function send(response: ServerResponse, answer: TsdAnswer): void {
  const { socket } = response;
  if (answer === 'close') {
    socket?.destroy();
  } else if (answer === 'reset') {
    socket?.resetAndDestroy();
  } else if ('raw' in answer) {
    socket?.end(answer.raw);
  } else {
    const body = answer.body ?? '';
    const length = answer.status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const type = answer.type === undefined ? {} : { 'Content-Type': answer.type };
    response.writeHead(answer.status, { ...type, ...length, ...answer.headers }).end(body);
  }
}
