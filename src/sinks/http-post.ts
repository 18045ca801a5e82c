// Sends JSON to a receiver over HTTP and reads the answer. It uses node:http, because got takes three times as long here
// and adds unwanted retries and redirects.

import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { NoVerdict } from './no-verdict.ts';
import type { Cancellation, RequestCancellation } from './cancellation.ts';
import type { HttpAddress } from './http-address.ts';

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** At most the first megabyte. */
  readonly text: string;
  /** False where `text` was cut off. */
  readonly isWhole: boolean;
}

export interface Connections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  close(): void;
}

const maxAnswerBytes = 1_000_000;

/**
 * Opens pools of kept-alive connections. 64 to a host are as many as an outlet has batches in flight, so that no request
 * waits for another.
 *
 * @param caFile - a PEM file of the certificate authorities to trust; undefined: those of Node
 */
export function connections(caFile: string | undefined): Connections {
  const limits = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64 };
  const http = new HttpAgent(limits);
  const https = new HttpsAgent({ ...limits, ...(caFile !== undefined && { ca: readFileSync(caFile, 'utf8') }) });
  return {
    http,
    https,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

const compress = promisify(gzip);

export function gzipped(json: string): Promise<Buffer> {
  return compress(json, { level: 1 });
}

/** Shared by all requests of a sink. */
export interface PostContext {
  readonly connections: Connections;
  readonly headers: Readonly<Record<string, string>>;
  readonly cancellation: Cancellation;
}

export interface PostRequest {
  readonly host: Pick<HttpAddress, 'isTls' | 'hostname' | 'port' | 'authorization'>;
  /** The whole path, with the query. */
  readonly path: string;
  /** Default POST. */
  readonly method?: 'GET' | 'POST';
  /** JSON. */
  readonly body: Buffer;
  readonly isGzipped: boolean;
  readonly signal: AbortSignal;
}

/**
 * Sends the body with its length: OpenTSDB refuses chunks and Expect. Retries once on a new connection when the server
 * had closed an idle one.
 *
 * @throws NoVerdict when there is no answer; the reason of the cancellation
 */
export async function post(context: PostContext, request: PostRequest): Promise<Answer> {
  const { http, https } = context.connections;
  const running = context.cancellation.begin(request.signal);
  try {
    return await postOn(request.host.isTls ? https : http, context, request, running);
  } catch (error) {
    const isIdleClose = error instanceof NoVerdict && error.isClosed && error.cause === 'idle connection';
    if (!isIdleClose || running.reason !== undefined) throw error;
    return await postOn(false, context, request, running);
  } finally {
    running.end();
  }
}

function postOn(
  agent: HttpAgent | false,
  { connections: { https }, headers }: PostContext,
  { host, path, method = 'POST', body, isGzipped }: PostRequest,
  running: RequestCancellation,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const request = (host.isTls ? httpsRequest : httpRequest)({
      agent,
      ...(host.isTls && https.options.ca !== undefined && { ca: https.options.ca }),
      method,
      hostname: host.hostname,
      port: host.port,
      path,
      headers: {
        ...headers,
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        ...(isGzipped && { 'content-encoding': 'gzip' }),
        ...(host.authorization !== undefined && { authorization: host.authorization }),
        ...(method === 'POST' && { 'content-length': body.length }),
      },
    });
    running.onCancel = (reason) => {
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

function unanswered({ code, message }: NodeJS.ErrnoException, isReused: boolean): NoVerdict {
  const isClosed = code === 'ECONNRESET' || code === 'EPIPE';
  const error = new NoVerdict(isClosed ? 'connection closed without a reply' : message || String(code), { isClosed });
  if (isReused) error.cause = 'idle connection';
  return error;
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
