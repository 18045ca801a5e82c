// Reads the former store with lmdb, in a process of its own: a damaged page may end it. Nothing is written into the store.

import { constants } from 'node:os';
import { type Database, type Key, open, type RootDatabase } from 'lmdb';
import { compareKeys } from 'ordered-binary';
import { recordDictionary } from './dictionary.ts';
import type { Entries, Entry, Opened, Question, Unanswered } from './requests.ts';
import { stretch, type StretchEntry } from './record-stretch.ts';
import {
  bytesBesideRecord,
  type LegacyDatabaseName,
  legacyDatabases,
  legacyFormat,
  type LegacyHead,
  type LegacyPosition,
  type RecordRow,
} from './rows.ts';
import { type LegacyKey, unsealedText } from './sealed-text.ts';

/** An answer: as much as is read in one turn, without being large in memory. */
export const answerCharacters = 65_536;
const entriesAnAnswer = 500;

const { EPERM, EAGAIN, ENOMEM, EACCES, EBUSY, ENFILE, EMFILE, ENOSPC, EROFS } = constants.errno;

/** A store that is open to be read. */
export interface LegacyDatabase {
  /** The first word, or why there is none. */
  readonly opened: Opened;
  /** The answer as a line of JSON. */
  answer(question: Question): string;
}

type Databases = ReadonlyMap<LegacyDatabaseName, Database<Buffer>>;

/** Opens the store in a directory; lmdb may end the process over it, here or at any question. */
export function openLegacyDatabase(directory: string): LegacyDatabase {
  try {
    const environment = open({ path: directory, readOnly: true, maxDbs: 16, noSubdir: false });
    const databases = openDatabases(environment);
    const found = formatOf(databases);
    if (found !== undefined && found !== legacyFormat)
      return unopened(
        `spool in ${directory}: format ${found} is not known here (this program reads ${legacyFormat})`,
        otherFormat,
      );
    if (found === undefined && !isEmpty(environment, databases))
      return unopened(`spool in ${directory}: meta: there is no format that can be read`);
    const missing = found === undefined ? undefined : names.find((name) => !databases.has(name));
    if (missing !== undefined) return unopened(`spool in ${directory}: databases: ${missing} is missing`);
    const ends = endsOf(environment, databases);
    return { opened: ends, answer: (question) => answered({ environment, databases, head: ends.head }, question) };
  } catch (error) {
    const { message, code = 0 } = error as Error & { readonly code?: number };
    return unopened(
      `spool in ${directory}: cannot be opened: ${message}`,
      ofTheSystem.includes(code) ? ioError : undefined,
    );
  }
}

/** What lmdb throws for reasons that are not the store's. */
const ofTheSystem = [EPERM, EAGAIN, ENOMEM, EACCES, EBUSY, ENFILE, EMFILE, ENOSPC, EROFS];
/** After sysexits: of another version; reading failed. */
const otherFormat = 78;
const ioError = 74;

function unopened(unreadable: string, exitCode?: number): LegacyDatabase {
  return {
    opened: { unreadable, ...(exitCode !== undefined && { exitCode }) },
    answer: ({ id }) => JSON.stringify({ id, unreadable } satisfies Unanswered),
  };
}

const names = Object.keys(legacyDatabases) as readonly LegacyDatabaseName[];

/** Those that there are: one that is new, and was not filled before its process died, has none. */
function openDatabases(environment: RootDatabase): Databases {
  const dictionary = recordDictionary();
  const there = new Set([...environment.getKeys()].map(String));
  const found = names
    .filter((name) => there.has(name))
    .map((name) => {
      const compression = legacyDatabases[name].isCompressed ? { compression: { threshold: 256, dictionary } } : {};
      return [name, environment.openDB<Buffer, Key>({ name, encoding: 'binary', ...compression })] as const;
    });
  return new Map(found);
}

function formatOf(databases: Databases): unknown {
  const value = databases.get('meta')?.get('format');
  const text = value && unsealedText(value, '');
  return text === undefined ? undefined : JSON.parse(text);
}

function isEmpty(environment: RootDatabase, databases: Databases): boolean {
  return (
    countedIn(environment) === databases.size && [...databases.values()].every((database) => countedIn(database) === 0)
  );
}

/** Where the store ends, at its last record or where sinks stand that have finished more than what is left, and where it begins. */
function endsOf(
  environment: RootDatabase,
  databases: Databases,
): { readonly head: LegacyHead; readonly before: LegacyHead } {
  const ends: LegacyHead[] = [];
  for (const { key, value } of databases.get('positions')?.getRange() ?? []) {
    const text = unsealedText(value, key as LegacyKey);
    if (text === undefined) continue;
    const { through, points, bytes, gone } = JSON.parse(text) as LegacyPosition;
    ends.push({ sequence: through, points, bytes });
    if (gone !== undefined) ends.push({ sequence: gone.through, points: gone.points, bytes: gone.bytes });
  }
  const last = endRecord(databases, true);
  ends.push(last?.after ?? { sequence: 0, points: 0, bytes: 0 });
  const most = (of: keyof LegacyHead): number => ends.reduce((most, end) => Math.max(most, end[of]), 0);
  const before = firstRecord(environment, databases);
  const counted = countedIn(databases.get('records'));
  if (counted > 0 && last === undefined) throw new Error(`none of ${counted} records can be read`);
  const head = {
    sequence: Math.max(most('sequence'), (before?.sequence ?? -counted) + counted),
    points: most('points'),
    bytes: most('bytes'),
  };
  return { head, before: before ?? head };
}

/** It is needed where a position is damaged alone. */
function firstRecord(environment: RootDatabase, databases: Databases): LegacyHead | undefined {
  try {
    return endRecord(databases, false)?.before;
  } catch {
    beginAnew({ environment });
    return undefined;
  }
}

/** The first or last record that can be read, and what there was before and after it; those damaged behind the last count with it. */
function endRecord(
  databases: Databases,
  isLast: boolean,
): { readonly before: LegacyHead; readonly after: LegacyHead } | undefined {
  let damaged = 0;
  for (const { key, value } of databases.get('records')?.getRange({ reverse: isLast }) ?? []) {
    const text = typeof key === 'number' ? unsealedText(value, key) : undefined;
    if (text === undefined) {
      damaged += 1;
      continue;
    }
    const [, points, bytes, rows] = JSON.parse(text) as RecordRow;
    const sequence = (key as number) + damaged;
    return {
      before: { sequence: (key as number) - 1, points, bytes },
      after: { sequence, points: points + rows.length, bytes: bytes + value.length + bytesBesideRecord },
    };
  }
  return undefined;
}

interface OpenStore {
  readonly environment: RootDatabase;
  readonly databases: Databases;
  readonly head: LegacyHead;
}

function answered(store: OpenStore, question: Question): string {
  const { id } = question;
  try {
    if ('recordsFrom' in question) return recordsLine(store, question);
    return JSON.stringify({ id, ...entriesIn(store, question.entriesOf, question.after) } satisfies Entries);
  } catch (error) {
    beginAnew(store);
    return JSON.stringify({ id, unreadable: (error as Error).message } satisfies Unanswered);
  }
}

/** A transaction that has come upon damage reads nothing any more, not even what is sound. */
function beginAnew({ environment }: Pick<OpenStore, 'environment'>): void {
  (environment as unknown as { _commitReadTxn(): void })._commitReadTxn();
}

/** `Records` as a line: what is stored is JSON already, and goes into it as it is. */
function recordsLine(
  store: OpenStore,
  { id, recordsFrom: from, through }: Extract<Question, { recordsFrom: number }>,
): string {
  const { items, next } = stretch(recordsFrom(store, from - 1, through), {
    from,
    through,
    head: store.head,
    maxCharacters: answerCharacters,
  });
  const written = items.map((item) =>
    'text' in item ? `{"sequence":${item.sequence},"bytes":${item.bytes},"row":${item.text}}` : JSON.stringify(item),
  );
  return `{"id":${id},"records":[${written.join(',')}]${next === undefined ? '' : `,"next":${next}`}}`;
}

/** In the order in which they stand; behind a page that cannot be read one by one, as long as it is not too much for an answer. */
function* recordsFrom(store: OpenStore, from: number, through: number): Generator<StretchEntry> {
  const records = store.databases.get('records');
  let next = Math.max(0, from);
  try {
    for (const { key, value } of records?.getRange({ start: next }) ?? []) {
      yield { key, value };
      if (typeof key === 'number' && key >= next) next = key + 1;
    }
  } catch {
    beginAnew(store);
    yield* oneByOne(store, next, through);
  }
}

const mostOneByOne = 10_000;

function* oneByOne(store: OpenStore, from: number, through: number): Generator<StretchEntry> {
  for (let key = from; key <= through + 1; key += 1) {
    if (key >= from + mostOneByOne) return yield { goOnAt: key };
    try {
      const value = store.databases.get('records')?.get(key);
      if (value !== undefined) yield { key, value };
    } catch {
      beginAnew(store);
    }
  }
}

/** What stands before a page that cannot be read is told before that. */
function entriesIn(
  { environment, databases }: Omit<OpenStore, 'head'>,
  name: LegacyDatabaseName,
  after: LegacyKey | undefined,
): Omit<Entries, 'id'> {
  const entries: Entry[] = [];
  try {
    const isEnd = addEntries(databases, name, after, entries);
    return { entries, ...(isEnd && { counted: countedIn(databases.get(name)) }) };
  } catch (error) {
    if (entries.length === 0) throw error;
    beginAnew({ environment });
    return { entries };
  }
}

/** How many entries there are, as lmdb has counted them: a damaged page may look empty. */
function countedIn(database: Database<Buffer> | RootDatabase | undefined): number {
  const { entryCount } = (database?.getStats() ?? { entryCount: 0 }) as { readonly entryCount: number };
  return entryCount;
}

/** As many as go into an answer; whether they were the last. */
function addEntries(
  databases: Databases,
  name: LegacyDatabaseName,
  after: LegacyKey | undefined,
  entries: Entry[],
): boolean {
  const { isSealed, isSealedWithKey } = legacyDatabases[name];
  let [characters, previous] = [0, after];
  for (const { key, value } of databases
    .get(name)
    ?.getRange(after === undefined ? {} : { start: after as Key, exclusiveStart: true }) ?? []) {
    const at = key as LegacyKey;
    if (previous !== undefined && compareKeys(at as Key, previous as Key) <= 0)
      throw new Error('its keys are not in order');
    previous = at;
    const text = isSealed ? unsealedText(value, isSealedWithKey ? at : '') : value.toString('latin1', 0, value.length);
    entries.push(
      text === undefined ? { key: at, isDamaged: true } : { key: at, row: isSealed ? JSON.parse(text) : text },
    );
    characters += text?.length ?? 0;
    if (characters >= answerCharacters || entries.length >= entriesAnAnswer) return false;
  }
  return true;
}
