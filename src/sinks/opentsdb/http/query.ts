// Requests to OpenTSDB other than puts: versions, UIDs, configuration.

import type { Clock } from '../../../runtime/clock.ts';
import { withTimeout } from '../../../runtime/deadline.ts';
import { type TsdHost, tsdHost } from './hosts.ts';
import { type Connections, connections } from '../../http-post.ts';

export interface QueryOptions {
  readonly host: TsdHost;
  readonly connections: Connections;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface QueryAnswer {
  readonly status: number;
  readonly text: string;
}

const maxAnswerBytes = 1_000_000;

/**
 * Sends a GET, or with `json` a POST. Resolves with an answer of any status; does not follow redirects.
 *
 * @throws the error of the connection; Error on timeout and for an answer above 1 MB
 */
export async function query(
  { host, connections, headers, clock, timeoutMs, signal }: QueryOptions,
  path: string,
  json?: unknown,
): Promise<QueryAnswer> {
  const { isTls, hostname, port, prefix, authorization } = host;
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
  return withTimeout(clock, timeoutMs, signal, async (over) => {
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

export interface HostQueryOptions extends Omit<QueryOptions, 'host' | 'connections'> {
  readonly url: string;
  readonly caFile: string | undefined;
}

/** Runs `work` with connections to one host, and closes them afterwards. Throws for a URL or CA file that cannot be used. */
export async function withConnections<T>(
  { url, caFile, ...rest }: HostQueryOptions,
  work: (options: QueryOptions) => Promise<T>,
): Promise<T> {
  const host = tsdHost(url);
  const open = connections(caFile);
  try {
    return await work({ ...rest, host, connections: open });
  } finally {
    open.close();
  }
}
