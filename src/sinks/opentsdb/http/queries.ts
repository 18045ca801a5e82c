// Questions to OpenTSDB beside the puts: versions, names.

import type { Clock } from '../../../runtime/clock.ts';
import { within } from '../../../runtime/deadline.ts';
import type { TsdHost } from './hosts.ts';
import type { Connections } from './post.ts';

export interface QueryOptions {
  readonly host: TsdHost;
  readonly connections: Connections;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

const maxAnswerBytes = 1_000_000;

/**
 * The answer to a GET, or with `json` to a POST, whatever its status. Redirects are not followed.
 *
 * @throws the error of the connection; one that says so when there is no answer in time or it is above 1 MB
 */
export async function query(
  { host, connections, headers, clock, timeoutMs, signal }: QueryOptions,
  path: string,
  json?: unknown,
): Promise<Answered> {
  const { isTls, hostname, port, prefix, authorization } = host;
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return within(clock, timeoutMs, signal, async (over) => {
    const { got } = await import('got');
    const stop = new AbortController();
    over.addEventListener('abort', () => stop.abort());
    const request = got(`${isTls ? 'https' : 'http'}://${authority}${prefix}${path}`, {
      ...(json !== undefined && { method: 'POST', json }),
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      agent: { http: connections.http, https: connections.https },
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
      signal: stop.signal,
    });
    void request.on('downloadProgress', ({ transferred }) => transferred > maxAnswerBytes && stop.abort());
    const { statusCode, body } = await request;
    return { status: statusCode, text: body };
  });
}
