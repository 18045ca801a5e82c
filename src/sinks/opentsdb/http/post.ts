// One POST to OpenTSDB and its answer. Plain node:http: on this path, every few hundred points, got costs three times as
// much of a request as node:http does, and neither its retries nor its redirects are wanted.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { TsdHost } from './hosts.ts';
import { NoVerdict } from '../no-verdict.ts';
import type { RequestBound, RequestBounds } from './request-bounds.ts';

/** An answer, whatever it says. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** At most the first megabyte. */
  readonly text: string;
  /** Whether `text` is all of it. */
  readonly isWhole: boolean;
}

export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  close(): void;
}

const maxAnswerBytes = 1_000_000;

/**
 * Connections that are kept alive; up to 64 to a host, as many as an outlet has batches in flight, so that no request
 * waits for another one.
 *
 * @param ca - PEM of the certificate authorities to trust; undefined: those of Node
 */
export function connections(ca: string | undefined): Connections {
  const limits = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64 };
  const http = new HttpAgent(limits);
  const https = new HttpsAgent({ ...limits, ...(ca !== undefined && { ca }) });
  return {
    http,
    https,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

export interface PostOptions {
  readonly connections: Connections;
  readonly host: TsdHost;
  /** After the host's prefix. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly bounds: RequestBounds;
  readonly signal: AbortSignal;
}

/**
 * Posts a body, whole and with its length: OpenTSDB refuses chunks and Expect. A connection that the far side closed while
 * it was idle is replaced by a fresh one, once.
 *
 * @throws NoRuling when there is no answer; the reason of its bounds when one of them is reached
 */
export async function post(options: PostOptions): Promise<Answer> {
  const {
    bounds,
    signal,
    host,
    connections: { http, https },
  } = options;
  const bound = bounds.begin(signal);
  try {
    return await postOn(options, bound, host.isTls ? https : http);
  } catch (error) {
    if (
      !(error instanceof NoVerdict) ||
      !error.isClosed ||
      error.cause !== 'idle connection' ||
      bound.reason !== undefined
    )
      throw error;
    return await postOn(options, bound, false);
  } finally {
    bound.end();
  }
}

function postOn(
  { host, path, headers, body, connections: { https } }: PostOptions,
  bound: RequestBound,
  agent: HttpAgent | false,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const request = (host.isTls ? httpsRequest : httpRequest)({
      agent,
      ...(host.isTls && https.options.ca !== undefined && { ca: https.options.ca }),
      method: 'POST',
      hostname: host.hostname,
      port: host.port,
      path: `${host.prefix}${path}`,
      headers: {
        ...headers,
        ...(host.authorization !== undefined && { authorization: host.authorization }),
        'content-length': body.length,
      },
    });
    bound.onOver = (reason) => {
      reject(reason);
      request.destroy(reason);
    };
    request.once('close', () => {
      if (!isAnswered) reject(new NoVerdict('connection closed without a reply', { isClosed: true }));
    });
    request.once('response', (response) => {
      isAnswered = true;
      readAnswer(response, resolve, reject);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (!isAnswered) reject(unanswered(error, request.reusedSocket));
    });
    request.end(body);
  });
}

function unanswered(error: NodeJS.ErrnoException, isReused: boolean): NoVerdict {
  const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
  const ruling = new NoVerdict(isClosed ? 'connection closed without a reply' : error.message || String(error.code), {
    isClosed,
  });
  if (isReused) ruling.cause = 'idle connection';
  return ruling;
}

function readAnswer(
  response: IncomingMessage,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const answer = (isWhole: boolean): Answer => ({
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    text: Buffer.concat(chunks).toString(),
    isWhole,
  });
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes <= maxAnswerBytes) return;
    resolve(answer(false));
    response.destroy();
  });
  response.once('end', () => resolve(answer(true)));
  response.once('error', (error) => reject(new NoVerdict(`answer broke off after ${bytes} bytes (${error.message})`)));
}
