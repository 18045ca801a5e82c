// Asks OpenTSDB to give names their UIDs, for installations in which a put may not make new ones.

import { query, type QueryOptions } from './queries.ts';
import { orAborted } from '../../../runtime/deadline.ts';
import type { TsdHost } from './hosts.ts';
import { quoted } from '../no-verdict.ts';

export type UidKind = 'metric' | 'tagk' | 'tagv';

/**
 * `assigned`: the name is new. `known`: it had a UID already. `refused`: it can never have one. `failed`: it has none now.
 */
export type Assignment =
  | { readonly state: 'assigned' | 'known' }
  | { readonly state: 'refused' | 'failed'; readonly words: string };

export interface UidAssigner {
  /** Assigns the names, each of them in one request at a time however many ask for it. Rejects only when the signal aborts. */
  assign(kind: UidKind, names: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, Assignment>>;
}

export interface UidAssignerOptions extends Omit<QueryOptions, 'host'> {
  readonly host: () => TsdHost;
}

/** Bounds on a request: OpenTSDB asks HBase three times for each new name, and refuses bodies above 8192 bytes. */
const maxNames = 50;
const maxNameBytes = 4096;

export function uidAssigner(options: UidAssignerOptions): UidAssigner {
  const underway = new Map<string, Promise<Assignment>>();

  function start(kind: UidKind, names: readonly string[]): void {
    const answer = request(options, kind, names).catch((error: Error) => {
      return (): Assignment => ({ state: 'failed', words: `uid/assign: ${error.message}` });
    });
    for (const name of names) {
      const assignment = answer.then((of) => of(name)).finally(() => underway.delete(`${kind} ${name}`));
      underway.set(`${kind} ${name}`, assignment);
    }
  }

  return {
    async assign(kind, names, signal) {
      const wanted = [...new Set(names)];
      for (const batch of batches(wanted.filter((name) => !underway.has(`${kind} ${name}`)))) start(kind, batch);
      const assignments = wanted.flatMap(
        (name) => underway.get(`${kind} ${name}`)?.then((assignment) => [name, assignment] as const) ?? [],
      );
      return new Map(await orAborted(Promise.all(assignments), signal));
    },
  };
}

function batches(names: readonly string[]): string[][] {
  const all: string[][] = [];
  let bytes = Infinity;
  for (const name of names) {
    bytes += name.length + 3;
    const last = all.at(-1);
    if (last === undefined || last.length >= maxNames || bytes > maxNameBytes) {
      all.push([name]);
      bytes = name.length + 3;
    } else {
      last.push(name);
    }
  }
  return all;
}

/** What the answer says of each name. */
async function request(
  { host, ...asking }: UidAssignerOptions,
  kind: UidKind,
  names: readonly string[],
): Promise<(name: string) => Assignment> {
  const { status, text } = await query({ host: host(), ...asking }, '/api/uid/assign', { [kind]: names });
  const answer = status === 200 || status === 400 ? asObject(text) : undefined;
  if (answer === undefined) throw new Error(`answered ${status}: ${quoted(text)}`);
  return (name) => assignmentOf(name, asMap(answer[kind]), asMap(answer[`${kind}_errors`]));
}

/** UniqueIdRpc.handleAssign: 200 when every name was new, else 400 with the others in maps of errors. */
function assignmentOf(name: string, assigned: Map<string, unknown>, errors: Map<string, unknown>): Assignment {
  if (assigned.has(name)) return { state: 'assigned' };
  const words = errors.get(name);
  if (typeof words !== 'string') return { state: 'failed', words: 'uid/assign: the answer does not mention the name' };
  if (/already exists/i.test(words)) return { state: 'known' };
  return {
    state: /illegal character|^Invalid /i.test(words) ? 'refused' : 'failed',
    words: `uid/assign: ${words.slice(0, 300)}`,
  };
}

function asMap(value: unknown): Map<string, unknown> {
  return new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}));
}

function asObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !('error' in value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
