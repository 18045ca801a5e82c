// The administration of a bridge that runs, asked over HTTP.

import { request, type IncomingMessage } from 'node:http';
import type { SpoolStatus } from '../spool/status.ts';
import type { AdminAccess } from './admin-file.ts';
import type { Administration, LetterOutcome } from './administration.ts';
import type { LetterQuery, ShownLetter } from './letter-query.ts';
import type { DroppedPoints } from '../spool/readers/drop-backlog.ts';

/** The owner did not answer, or not as it should. */
export class OwnerUnreachable extends Error {
  override readonly name = 'OwnerSilent';
  readonly exitCode = 69;
}

/** The owner answered that it cannot be done; the message is its own. */
export class OwnerRefused extends Error {
  override readonly name = 'OwnerRefused';
  readonly exitCode = 1;
}

/** The owner says something at least so often. */
const maxSilenceMs = 60_000;

/** @param signal - ends what is under way */
export function adminClient(access: AdminAccess, signal: AbortSignal): Administration {
  const ask = (path: string, body?: object): Promise<IncomingMessage> => answered(access, path, body, signal);
  return {
    letters: (query, { withInput = false } = {}) =>
      linesOf<ShownLetter>(() => ask(`/admin/dead-letters${withInput ? '/export' : ''}?${searchOf(query)}`)),
    retry: (query) => linesOf<LetterOutcome>(() => ask('/admin/dead-letters/retry', bodyOf(query))),
    drop: (query) => linesOf<LetterOutcome>(() => ask('/admin/dead-letters/drop', bodyOf(query))),
    spoolStatus: async () => JSON.parse(await textOf(await ask('/admin/spool'))) as SpoolStatus,
    dropWaiting: async (sink) => JSON.parse(await textOf(await ask('/admin/spool/drop', { sink }))) as DroppedPoints,
  };
}

/** Has the bridge read its configuration anew. Throws OwnerRefused with what is wrong with that. */
export async function remoteReload(access: AdminAccess, signal: AbortSignal): Promise<Reloaded> {
  return JSON.parse(await textOf(await answered(access, '/admin/reload', {}, signal))) as Reloaded;
}

/** The names of settings: in effect now, and in effect only after a restart. */
export interface Reloaded {
  readonly changed: readonly string[];
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

/** By node:http, since an answer is a stream that may take long, of which only the silences are bounded. */
async function answered(
  { url, token }: AdminAccess,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' };
    const asking = request(url + path, { method: body === undefined ? 'GET' : 'POST', headers, signal }, resolve);
    asking.setTimeout(maxSilenceMs, () => asking.destroy(new Error(`no answer for ${maxSilenceMs / 1000} s`)));
    asking.once('error', (error) =>
      reject(signal.aborted ? error : new OwnerUnreachable(`the bridge at ${url} does not answer: ${error.message}`)),
    );
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const { statusCode = 0 } = response;
  if (statusCode === 200) return response;
  const words = errorOf(await textOf(response));
  throw statusCode < 500 && statusCode !== 401 && words !== undefined
    ? new OwnerRefused(words)
    : new OwnerUnreachable(`the bridge at ${url} answered ${statusCode}: ${words ?? 'nothing that can be read'}`);
}

function errorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}

/** NDJSON, line by line as it comes. */
async function* linesOf<Value>(ask: () => Promise<IncomingMessage>): AsyncGenerator<Value> {
  const response = await ask();
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
