// The store that an earlier version kept its spool in, attached as an older part of the spool: its records are drained from here
// and never copied, the rest is handed over once. It is only read, by a process of its own (reader-child.ts).

import type { DataPoint } from '../../point.ts';
import { makeLockAnew } from './former-files.ts';
import type { Answer, Entries, Entry, Opened, RecordEntry, Records } from './questions.ts';
import { type ReaderChild, type ReaderOptions, startReader } from './reader-child.ts';
import { type FormerDatabase, formerDatabases, type FormerHead, type FormerPosition, type LetterRow, type ParkedRow, type PointRow, pointOf, type RetryRow } from './rows.ts';
import { FormerStoreUnreadable } from './unreadable.ts';

/** What the store holds beside its records. */
export type FormerItem =
  /** Where it cannot be read, before the first record: what was finished is written again. A `damaged` tells of it, too. */
  | { readonly kind: 'position'; readonly sink: string; readonly position: FormerPosition }
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

export interface FormerRecord {
  readonly sequence: number;
  /** ms since 1970 UTC */
  readonly appendedAtMs: number;
  readonly points: readonly DataPoint[];
  /** As they count against the bound. */
  readonly bytes: number;
}

/** A record that is lost. */
export interface DamagedFormerRecord {
  readonly sequence: number;
  readonly damaged: true;
  /** How many there were in it, where its neighbours tell. */
  readonly points?: number;
}

export interface FormerStore {
  readonly head: FormerHead;
  /** Of the process that reads it. */
  readonly pid: number | undefined;
  /** All but the records; the positions first. */
  items(): AsyncIterable<FormerItem>;
  /**
   * The records of a stretch in order, both ends included, read as they are taken. It is to be one that a sink has not finished: what
   * is missing in it is lost. As many as one likes at once.
   *
   * @throws FormerStoreUnreadable when it can be read no further
   */
  records(from: number, through: number): AsyncIterable<FormerRecord | DamagedFormerRecord>;
  close(): Promise<void>;
}

/** After sysexits: reading or writing failed. */
const ioError = 74;

/**
 * Opens the store in a directory to be read; the caller is the only one that has it open.
 *
 * @throws FormerStoreUnreadable
 */
export async function openFormerStore(directory: string, options: ReaderOptions): Promise<FormerStore> {
  try {
    makeLockAnew(directory);
  } catch (error) {
    throw new FormerStoreUnreadable(`spool in ${directory}: cannot be opened: ${(error as Error).message}`, { exitCode: ioError });
  }
  const reader = startReader(directory, options);
  try {
    const opened = await reader.opened;
    if ('unreadable' in opened) throw new FormerStoreUnreadable(opened.unreadable, opened);
    const store = { directory, reader, opened };
    return { head: opened.head, pid: reader.pid, items: () => itemsOf(store), records: (from, through) => recordsOf(store, from, through), close: reader.close };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

interface Attached {
  readonly directory: string;
  readonly reader: ReaderChild;
  readonly opened: Exclude<Opened, { unreadable: string }>;
}

function unreadable({ directory }: Attached, name: FormerDatabase, words: string): FormerStoreUnreadable {
  return new FormerStoreUnreadable(`spool in ${directory}: ${name}: ${words}`);
}

/** The next answer is asked for while one is handled. */
async function* recordsOf(store: Attached, from: number, through: number): AsyncGenerator<FormerRecord | DamagedFormerRecord> {
  const last = Math.min(through, store.opened.head.sequence);
  const ask = (recordsFrom: number): Promise<Answer> => store.reader.ask({ recordsFrom, through: last });
  let asked: Promise<Answer> | undefined = from <= last ? ask(from) : undefined;
  while (asked !== undefined) {
    const answer = (await asked) as Exclude<Answer, Entries>;
    if ('unreadable' in answer) throw unreadable(store, 'records', answer.unreadable);
    asked = nextOf(answer, ask);
    for (const entry of answer.records) yield* recordsIn(entry);
  }
}

/** Nobody may wait for it when it fails: it is told to whoever does. */
function nextOf({ next }: Records, ask: (from: number) => Promise<Answer>): Promise<Answer> | undefined {
  const asked = next === undefined ? undefined : ask(next);
  asked?.catch(() => {});
  return asked;
}

function* recordsIn(entry: RecordEntry): Generator<FormerRecord | DamagedFormerRecord> {
  if ('row' in entry) {
    const { sequence, bytes, row } = entry;
    yield { sequence, appendedAtMs: row[0], points: row[3].map(pointOf), bytes };
    return;
  }
  const [from, through] = entry.lost;
  let left = entry.points;
  for (let sequence = from; sequence <= through; sequence += 1) {
    const points = left === undefined ? undefined : Math.round(left / (through - sequence + 1));
    if (left !== undefined) left -= points ?? 0;
    yield { sequence, damaged: true, ...(points !== undefined && { points }) };
  }
}

async function* itemsOf(store: Attached): AsyncGenerator<FormerItem> {
  let generation = 0;
  for (const name of Object.keys(formerDatabases) as FormerDatabase[]) {
    if (name === 'records') continue;
    for await (const entry of entriesOf(store, name)) {
      if ('unreadable' in entry) {
        if (name === 'positions' || name === 'meta') throw unreadable(store, name, entry.unreadable);
        yield { kind: 'damaged', what: `${name}: ${entry.unreadable}` };
      } else if ('isDamaged' in entry) {
        yield { kind: 'damaged', what: `${name}: ${JSON.stringify(entry.key)}: the checksum does not fit` };
        if (name === 'positions') yield { kind: 'position', sink: String(entry.key), position: atTheBeginning(store.opened.before) };
      } else {
        if (name === 'meta' && entry.key === 'generation') generation = entry.row as number;
        yield* itemIn(name, entry, generation);
      }
    }
  }
}

function atTheBeginning({ sequence, points, bytes }: FormerHead): FormerPosition {
  return { through: sequence, finished: [], points, bytes };
}

async function* entriesOf({ reader }: Attached, name: FormerDatabase): AsyncGenerator<Entry | { readonly unreadable: string }> {
  let after: Entry['key'] | undefined;
  for (;;) {
    const answer = (await reader.ask({ entriesOf: name, ...(after !== undefined && { after }) })) as Exclude<Answer, Records>;
    if ('unreadable' in answer) return yield answer;
    yield* answer.entries;
    if (answer.isEnd) return;
    after = answer.entries.at(-1)?.key;
  }
}

function itemIn(name: FormerDatabase, { key, row }: Extract<Entry, { row: unknown }>, generation: number): FormerItem[] {
  const text = String(key);
  switch (name) {
    case 'positions':
      return [{ kind: 'position', sink: text, position: row as FormerPosition }];
    case 'meta':
      return /^(lost-|skipped-|restored |damaged )/.test(text) ? [{ kind: 'count', name: text, count: row as number }] : [];
    case 'dead-letters':
      return [{ kind: 'letter', id: text, row: row as LetterRow }];
    case 'malformed':
      return [{ kind: 'sample', id: text, row: row as LetterRow }];
    case 'retries': {
      const [sink, sequence] = key as readonly [string, number];
      const { points, ...terms } = row as Omit<RetryRow, 'points'> & { readonly points: readonly PointRow[] };
      return [{ kind: 'retry', sink, sequence, row: { ...terms, points: points.map(pointOf) } }];
    }
    case 'parked': {
      const [waitsFor, sequence] = key as readonly [string, number];
      return [{ kind: 'parked', waitsFor, sequence, row: row as ParkedRow }];
    }
    case 'records':
      return [];
    default:
      return runIn(Number(name.slice('runs-'.length)), text, String(row), generation);
  }
}

/** Generations that are remembered: the running one and two before it. */
const generations = 3;
const runDatabases = 4;
const longestRun = 100;

/** Run keys have no checksum: they are believed unless they cannot be any. */
function runIn(database: number, key: string, digest: string, newest: number): FormerItem[] {
  const age = (((newest - database) % runDatabases) + runDatabases) % runDatabases;
  if (age >= generations) return [];
  if (![key, digest].every((text) => text.length <= longestRun && /^[\w-]+$/.test(text))) return [{ kind: 'damaged', what: `runs-${database}: ${JSON.stringify(key.slice(0, longestRun))}: is no run` }];
  return [{ kind: 'run', key, digest, generation: newest - age }];
}
