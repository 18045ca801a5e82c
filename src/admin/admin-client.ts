// The administration of a running bridge, called over HTTP.

import { request, type IncomingMessage } from 'node:http';
import type { SpoolStatus } from '../spool/status.ts';
import type { AdminAccess } from './admin-file.ts';
import type { Administration, LetterOutcome } from './administration.ts';
import type { LetterQuery, ShownLetter } from './letter-query.ts';
import type { DroppedPoints } from '../spool/readers/drop-backlog.ts';

/** The bridge did not answer, or its answer makes no sense. */
class OwnerUnreachable extends Error {
  override readonly name = 'OwnerUnreachable';
  readonly exitCode = 69;
}

/** The bridge refused the request; the message is the bridge's. */
class OwnerRefused extends Error {
  override readonly name = 'OwnerRefused';
  readonly exitCode = 1;
}

/** The bridge sends data of a long answer at least this often. */
const idleTimeoutMs = 60_000;

/** @param signal - aborts the requests */
export function adminClient(access: AdminAccess, signal: AbortSignal): Administration {
  const call = (path: string, body?: object): Promise<IncomingMessage> => send(access, path, body, signal);
  return {
    letters: (query, { withInput = false } = {}) =>
      streamOf<ShownLetter>(() => call(`/admin/dead-letters${withInput ? '/export' : ''}?${searchOf(query)}`)),
    retry: (query) => streamOf<LetterOutcome>(() => call('/admin/dead-letters/retry', bodyOf(query))),
    drop: (query) => streamOf<LetterOutcome>(() => call('/admin/dead-letters/drop', bodyOf(query))),
    spoolStatus: async () => jsonOf<SpoolStatus>(await call('/admin/spool')),
    dropWaiting: async (sink) => jsonOf<DroppedPoints>(await call('/admin/spool/drop', { sink })),
  };
}

/** Reloads the configuration of the bridge. @throws OwnerRefused with the faults */
export async function remoteReload(access: AdminAccess, signal: AbortSignal): Promise<Reloaded> {
  return jsonOf<Reloaded>(await send(access, '/admin/reload', {}, signal));
}

/** Setting names. */
interface Reloaded {
  readonly changed: readonly string[];
  /** In effect only after a restart. */
  readonly needRestart: readonly string[];
}

function bodyOf(query: LetterQuery): object {
  return Object.keys(query).some((name) => name !== 'untilMs') ? query : { ...query, all: true };
}

function searchOf({ ids = [], kind, reason, untilMs }: LetterQuery): URLSearchParams {
  const search = new URLSearchParams(ids.map((id): [string, string] => ['id', id]));
  for (const [name, value] of Object.entries({ kind, reason, untilMs }))
    if (value !== undefined) search.set(name, String(value));
  return search;
}

/** Uses node:http, because an answer may take long and only its pauses have a timeout. */
async function send(
  { url, token }: AdminAccess,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    const outgoing = request(url + path, { method: body === undefined ? 'GET' : 'POST', headers, signal }, resolve);
    outgoing.setTimeout(idleTimeoutMs, () => outgoing.destroy(new Error(`no answer for ${idleTimeoutMs / 1000} s`)));
    outgoing.once('error', (error) =>
      reject(signal.aborted ? error : new OwnerUnreachable(`the bridge at ${url} does not answer: ${error.message}`)),
    );
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const { statusCode = 0 } = response;
  if (statusCode === 200) return response;
  const message = errorOf(await textOf(response));
  throw statusCode < 500 && statusCode !== 401 && message !== undefined
    ? new OwnerRefused(message)
    : new OwnerUnreachable(`the bridge at ${url} answered ${statusCode}: ${message ?? 'nothing that can be read'}`);
}

function errorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

async function jsonOf<Value>(response: IncomingMessage): Promise<Value> {
  return JSON.parse(await textOf(response)) as Value;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}

/** Parses NDJSON line by line as it arrives. */
async function* streamOf<Value>(call: () => Promise<IncomingMessage>): AsyncGenerator<Value> {
  const response = await call();
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Value;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    throw new OwnerUnreachable('the bridge broke off its answer: it is stopping, or its disk fails');
  }
}
