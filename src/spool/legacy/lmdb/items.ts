// Reads the entries of the legacy store beside its records, and classifies them. An entry that does not belong in its
// database is damaged.

import {
  type LegacyDatabaseName,
  legacyDatabases,
  type LegacyHead,
  type LegacyPosition,
  type LetterRow,
  type ParkedRow,
  type PointRow,
  pointOf,
  type RetryRow,
} from './format.ts';
import type { ReaderChild } from './reader-child.ts';
import type { Entry, Opened } from './requests.ts';
import { LegacyStoreUnreadable } from './unreadable.ts';

export type LegacyItem =
  /** If the entry is damaged, the position before the first record, after a `damaged` item. */
  | { readonly kind: 'position'; readonly sink: string; readonly position: LegacyPosition }
  /**
   * `name`: "lost-…", "skipped-[sink]", "restored [store set aside]" (-1: all), "damaged [record]" (its points are in
   * "lost-points" too).
   */
  | { readonly kind: 'count'; readonly name: string; readonly count: number }
  | { readonly kind: 'letter'; readonly id: string; readonly row: LetterRow }
  | { readonly kind: 'sample'; readonly id: string; readonly row: LetterRow }
  | { readonly kind: 'retry'; readonly sink: string; readonly sequence: number; readonly row: RetryRow }
  | { readonly kind: 'parked'; readonly waitsFor: string; readonly sequence: number; readonly row: ParkedRow }
  /** `generation`: the hour of the run since 1970 UTC; the store keeps three of them. */
  | { readonly kind: 'run'; readonly key: string; readonly digest: string; readonly generation: number }
  /** A damaged entry, or a database that cannot be read to its end. */
  | { readonly kind: 'damaged'; readonly what: string };

/** A store whose reader process has opened it. */
export interface OpenLegacyStore {
  readonly directory: string;
  readonly reader: ReaderChild;
  readonly opened: Exclude<Opened, { unreadable: string }>;
  /** See meta-pages.ts. */
  readonly fault: string | undefined;
}

/** Yields the positions first. */
export async function* itemsOf(store: OpenLegacyStore): AsyncGenerator<LegacyItem> {
  let generation = 0;
  if (store.fault !== undefined) yield damaged(store.fault);
  for (const name of Object.keys(legacyDatabases) as LegacyDatabaseName[]) {
    if (name === 'records') continue;
    for await (const entry of entriesOf(store, name)) {
      if ('kind' in entry) {
        yield entry;
        continue;
      }
      if (name === 'meta' && entry.key === 'generation' && 'row' in entry && typeof entry.row === 'number')
        generation = entry.row;
      const item = itemIn(name, entry, generation);
      if (item !== undefined) yield item;
      if (item?.kind === 'damaged' && name === 'positions') yield positionAt(String(entry.key), store.opened.before);
    }
  }
}

function damaged(what: string): LegacyItem {
  return { kind: 'damaged', what };
}

/** A sink whose position is damaged begins at the first record, and writes again what it had finished. */
function positionAt(sink: string, { sequence, points, bytes }: LegacyHead): LegacyItem {
  return { kind: 'position', sink, position: { through: sequence, finished: [], points, bytes } };
}

async function* entriesOf(
  { directory, reader }: OpenLegacyStore,
  name: LegacyDatabaseName,
): AsyncGenerator<Entry | LegacyItem> {
  let after: Entry['key'] | undefined;
  let found = 0;
  for (;;) {
    const response = await reader.request({ entriesOf: name, ...(after !== undefined && { after }) });
    if ('unreadable' in response) {
      const what = `${name}: ${response.unreadable}`;
      if (name === 'positions' || name === 'meta') throw new LegacyStoreUnreadable(`spool in ${directory}: ${what}`);
      return yield damaged(what);
    }
    yield* response.entries;
    found += response.entries.length;
    if (response.counted === found) return;
    if (response.counted !== undefined)
      return yield damaged(`${name}: ${found} of ${response.counted} entries are there`);
    after = response.entries.at(-1)?.key;
  }
}

/**
 * Returns undefined for an entry that is not needed any more. An entry that does not belong here is damaged, too:
 * damage may link a page of one database into another.
 */
function itemIn(name: LegacyDatabaseName, entry: Entry, generation: number): LegacyItem | undefined {
  const { key } = entry;
  const row = 'row' in entry ? entry.row : undefined;
  const value: object = typeof row === 'object' && row !== null ? row : {};
  const [first, sequence] = typeof key === 'object' ? key : [];
  switch (name) {
    case 'positions':
      if (typeof key === 'string' && 'through' in value)
        return { kind: 'position', sink: key, position: value as LegacyPosition };
      break;
    case 'meta':
      if (typeof key === 'string' && Number.isSafeInteger(row))
        return countKeys.test(key) ? { kind: 'count', name: key, count: row as number } : undefined;
      break;
    case 'dead-letters':
      if (typeof key === 'string' && 'times' in value && !key.startsWith(samplePrefix))
        return { kind: 'letter', id: key, row: value as LetterRow };
      break;
    case 'malformed':
      if (typeof key === 'string' && 'times' in value && key.startsWith(samplePrefix))
        return { kind: 'sample', id: key, row: value as LetterRow };
      break;
    case 'retries':
      if (typeof first === 'string' && typeof sequence === 'number' && 'attempts' in value)
        return { kind: 'retry', sink: first, sequence, row: retryOf(value as StoredRetry) };
      break;
    case 'parked':
      if (typeof first === 'string' && typeof sequence === 'number' && 'payload' in value)
        return { kind: 'parked', waitsFor: first, sequence, row: value as ParkedRow };
      break;
    case 'runs-0':
    case 'runs-1':
    case 'runs-2':
    case 'runs-3':
      if (isRunText(key) && isRunText(row)) return runIn(Number(name.slice('runs-'.length)), key, row, generation);
      break;
    case 'records':
      return undefined;
  }
  const text = JSON.stringify(key).slice(0, maxKeyCharacters);
  return damaged(`${name}: ${text}: is not what was put there`);
}

const countKeys = /^(lost-|skipped-|restored |damaged )/;
/** The ids of letters are hexadecimal. */
const samplePrefix = 'm';
const maxKeyCharacters = 100;

type StoredRetry = Omit<RetryRow, 'points'> & { readonly points: readonly PointRow[] };

function retryOf({ points, ...retry }: StoredRetry): RetryRow {
  return { ...retry, points: points.map(pointOf) };
}

/** Keys and digests of runs have no checksum. */
function isRunText(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{1,100}$/.test(text);
}

/** The running generation and two before it are valid. */
const generations = 3;
const runDatabases = 4;

function runIn(database: number, key: string, digest: string, newest: number): LegacyItem | undefined {
  const age = (((newest - database) % runDatabases) + runDatabases) % runDatabases;
  return age < generations ? { kind: 'run', key, digest, generation: newest - age } : undefined;
}
