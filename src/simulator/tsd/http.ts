// The HTTP door of the simulated OpenTSDB 2.4: what Netty lets through, the end points, and how answers leave.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { answerAnnotations } from './annotation.ts';
import {
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

const gunzipped = promisify(gunzip);

/** Netty's maxChunkSize: a longer body counts as chunked. */
const maxWholeBytes = 8192;

export interface TsdHttpOptions {
  readonly store: TsdStore;
  /** tsd.http.request.enable_chunked with this max_chunk; undefined: off, as by default. */
  readonly maxChunkBytes: number | undefined;
  readonly isReadOnly: boolean;
  readonly version: string;
  /** What /api/config tells. */
  readonly config: Readonly<Record<string, string>>;
  readonly sleep: Sleep;
  /** The end of a query that names none, ms since 1970 UTC. */
  readonly nowMs: () => number;
}

/** A request, while it is answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  /** The body as it came over the wire, read when it is first asked for. */
  body(): Promise<Buffer>;
}

export function exchange(request: IncomingMessage): Exchange {
  let read: Promise<Buffer> | undefined;
  return { request, body: () => (read ??= bodyOf(request)) };
}

/** The answer to a request. The limits count bytes on the wire, before gzip is undone. */
export async function answerHttp(options: TsdHttpOptions, { request, body: wholeBody }: Exchange): Promise<TsdAnswer> {
  options.store.counts.requests += 1;
  const {
    'content-length': contentLength,
    'content-encoding': encoding,
    expect,
    'transfer-encoding': transfer,
  } = request.headers;
  const isChunked = transfer !== undefined || expect !== undefined || Number(contentLength ?? 0) > maxWholeBytes;
  if (isChunked && options.maxChunkBytes === undefined) {
    // With Expect the client has sent no body yet.
    if (expect === undefined) await wholeBody();
    return chunkedRefused();
  }
  const body = await wholeBody();
  if (isChunked && body.length > (options.maxChunkBytes ?? 0)) return 'close';
  try {
    return await route(options, request, (encoding === 'gzip' ? await gunzipped(body) : body).toString());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code?.startsWith('Z_') === true) return 'close';
    return errorAnswer(500, (error as Error).message);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function route(options: TsdHttpOptions, request: IncomingMessage, text: string): Promise<HttpAnswer> {
  const { store, isReadOnly, version, config, sleep, nowMs } = options;
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://tsd');
  const method = request.method ?? 'GET';
  switch (pathname.replace(/\/$/, '')) {
    case '/api/put':
      return isReadOnly ? endpointNotFound() : answerPut(store, { method, query, text }, sleep);
    case '/api/uid/assign':
      return isReadOnly ? endpointNotFound() : answerAssign(store.uids, { method, query, text });
    case '/api/annotation/bulk':
      return isReadOnly ? endpointNotFound() : answerAnnotations(store.annotations, method, text);
    case '/api/version':
      return jsonAnswer(200, {
        version,
        short_revision: '',
        full_revision: '',
        repo_status: 'MODIFIED',
        host: 'simulator',
      });
    case '/api/config':
      return jsonAnswer(200, config);
    case '/api/suggest':
      return answerSuggest(store, query);
    case '/api/query':
      return answerQuery({ points: store.points, isKnown: store.uids.isKnown, nowMs }, { method, text });
    case '/api/aggregators':
      return jsonAnswer(200, aggregatorNames);
    case '/api/config/filters':
      return jsonAnswer(200, Object.fromEntries(filterTypes.map((type) => [type, { description: '', examples: '' }])));
    default:
      return endpointNotFound();
  }
}

const suggested: Readonly<Record<string, UidKind>> = { metrics: 'metric', tagk: 'tagk', tagv: 'tagv' };

function answerSuggest(store: TsdStore, query: URLSearchParams): HttpAnswer {
  const kind = suggested[query.get('type') ?? ''];
  if (kind === undefined) return errorAnswer(400, `Invalid 'type' parameter:${query.get('type')}`);
  return jsonAnswer(200, store.uids.suggest(kind, query.get('q') ?? '', Number(query.get('max') ?? 25)));
}

/** Sends an answer, or ends the connection as it says. */
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
