// What the former store holds beside its records, each entry as what it is; one that is not what belongs where it stands is damaged.

import type { Entry, Records } from './requests.ts';
import type { ReaderChild } from './reader-child.ts';
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
} from './rows.ts';
import { LegacyStoreUnreadable } from './unreadable.ts';

/** What the store holds beside its records. */
export type LegacyItem =
  /** Where it cannot be read, before the first record: what was finished is written again. A `damaged` tells of it, too. */
  | { readonly kind: 'position'; readonly sink: string; readonly position: LegacyPosition }
  /** `name`: "lost-…", "skipped-[sink]", "restored [store set aside]" (-1: all), "damaged [record]" (its points are counted as lost already). */
  | { readonly kind: 'count'; readonly name: string; readonly count: number }
  | { readonly kind: 'letter'; readonly id: string; readonly row: LetterRow }
  | { readonly kind: 'sample'; readonly id: string; readonly row: LetterRow }
  | { readonly kind: 'retry'; readonly sink: string; readonly sequence: number; readonly row: RetryRow }
  | { readonly kind: 'parked'; readonly waitsFor: string; readonly sequence: number; readonly row: ParkedRow }
  /** `generation`: the hour since 1970 UTC in which it came; those of three hours. */
  | { readonly kind: 'run'; readonly key: string; readonly digest: string; readonly generation: number }
  /** An entry whose checksum does not fit, or a database that could be read no further. */
  | { readonly kind: 'damaged'; readonly what: string };

interface Attached {
  readonly directory: string;
  readonly reader: ReaderChild;
  readonly opened: { readonly before: LegacyHead };
  /** Of the file, in words. */
  readonly fault: string | undefined;
}

/** Everything beside the records, the positions first. */
export async function* itemsOf(store: Attached): AsyncGenerator<LegacyItem> {
  let generation = 0;
  if (store.fault !== undefined) yield { kind: 'damaged', what: store.fault };
  for (const name of Object.keys(legacyDatabases) as LegacyDatabaseName[]) {
    if (name === 'records') continue;
    for await (const entry of entriesOf(store, name)) {
      if ('unreadable' in entry) {
        const words = `${name}: ${entry.unreadable}`;
        if (name === 'positions' || name === 'meta')
          throw new LegacyStoreUnreadable(`spool in ${store.directory}: ${words}`);
        yield { kind: 'damaged', what: words };
        continue;
      }
      if ('missing' in entry) {
        yield { kind: 'damaged', what: `${name}: ${entry.missing}` };
        continue;
      }
      if (name === 'meta' && entry.key === 'generation' && 'row' in entry && typeof entry.row === 'number')
        generation = entry.row;
      const item = 'row' in entry && isOf(name, entry) ? itemIn(name, entry, generation) : damagedEntry(name, entry);
      if (item === undefined) continue;
      yield item;
      if (item.kind === 'damaged' && name === 'positions')
        yield { kind: 'position', sink: String(entry.key), position: atTheBeginning(store.opened.before) };
    }
  }
}

const mostOfKey = 100;

function damagedEntry(name: LegacyDatabaseName, { key }: Entry): LegacyItem {
  return { kind: 'damaged', what: `${name}: ${JSON.stringify(key).slice(0, mostOfKey)}: is not what was put there` };
}

function atTheBeginning({ sequence, points, bytes }: LegacyHead): LegacyPosition {
  return { through: sequence, finished: [], points, bytes };
}

async function* entriesOf(
  { reader }: Attached,
  name: LegacyDatabaseName,
): AsyncGenerator<Entry | { readonly unreadable: string } | { readonly missing: string }> {
  let after: Entry['key'] | undefined;
  let found = 0;
  for (;;) {
    const answer = (await reader.ask({ entriesOf: name, ...(after !== undefined && { after }) })) as Exclude<
      Awaited<ReturnType<ReaderChild['ask']>>,
      Records
    >;
    if ('unreadable' in answer) return yield answer;
    yield* answer.entries;
    found += answer.entries.length;
    if (answer.counted === found) return;
    if (answer.counted !== undefined) return yield { missing: `${found} of ${answer.counted} entries are there` };
    after = answer.entries.at(-1)?.key;
  }
}

type WholeEntry = Extract<Entry, { row: unknown }>;

/** A page of one database may have got into another. */
function isOf(name: LegacyDatabaseName, { key, row }: WholeEntry): boolean {
  const has = (member: string): boolean => typeof row === 'object' && row !== null && member in row;
  switch (name) {
    case 'positions':
      return typeof key === 'string' && has('through');
    case 'meta':
      return typeof key === 'string' && Number.isSafeInteger(row);
    case 'dead-letters':
    case 'malformed':
      return typeof key === 'string' && has('times') && key.startsWith(markOfSample) === (name === 'malformed');
    case 'retries':
    case 'parked':
      return (
        typeof key === 'object' &&
        typeof key[0] === 'string' &&
        typeof key[1] === 'number' &&
        has(name === 'retries' ? 'attempts' : 'payload')
      );
    default:
      return [key, row].every(
        (text) => typeof text === 'string' && text.length <= longestOfRun && /^[\w-]+$/.test(text),
      );
  }
}

/** The ids of letters are hexadecimal. */
const markOfSample = 'm';
/** No key or digest of a run is longer; runs have no checksum and are believed unless they cannot be any. */
const longestOfRun = 100;

/** Undefined: what nobody needs any more. */
function itemIn(name: LegacyDatabaseName, { key, row }: WholeEntry, generation: number): LegacyItem | undefined {
  const text = String(key);
  const [of, sequence] = key as readonly [string, number];
  switch (name) {
    case 'positions':
      return { kind: 'position', sink: text, position: row as LegacyPosition };
    case 'meta':
      return /^(lost-|skipped-|restored |damaged )/.test(text)
        ? { kind: 'count', name: text, count: row as number }
        : undefined;
    case 'dead-letters':
      return { kind: 'letter', id: text, row: row as LetterRow };
    case 'malformed':
      return { kind: 'sample', id: text, row: row as LetterRow };
    case 'retries':
      return { kind: 'retry', sink: of, sequence, row: retryOf(row as StoredRetry) };
    case 'parked':
      return { kind: 'parked', waitsFor: of, sequence, row: row as ParkedRow };
    case 'records':
      return undefined;
    default:
      return runIn(Number(name.slice('runs-'.length)), text, String(row), generation);
  }
}

type StoredRetry = Omit<RetryRow, 'points'> & { readonly points: readonly PointRow[] };

function retryOf({ points, ...terms }: StoredRetry): RetryRow {
  return { ...terms, points: points.map(pointOf) };
}

/** Generations that are remembered: the running one and two before it. */
const generations = 3;
const runDatabases = 4;

function runIn(database: number, key: string, digest: string, newest: number): LegacyItem | undefined {
  const age = (((newest - database) % runDatabases) + runDatabases) % runDatabases;
  return age < generations ? { kind: 'run', key, digest, generation: newest - age } : undefined;
}
