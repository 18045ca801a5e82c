// Answers the requests of the main process from the legacy store. It runs in the reader process, which a damaged page
// may crash. It never writes into the store.

import { constants } from 'node:os';
import type { Key } from 'lmdb';
import { compareKeys } from 'ordered-binary';
import {
  databaseNames,
  entryCount,
  type Environment,
  formatOf,
  headsOf,
  isEmpty,
  openEnvironment,
  renewTransaction,
} from './environment.ts';
import {
  type LegacyDatabaseName,
  legacyDatabases,
  legacyFormat,
  type LegacyHead,
  type LegacyKey,
  verifiedText,
} from './format.ts';
import { type RangeEntry, recordRange } from './record-range.ts';
import type { Entries, Entry, Opened, LegacyRequest, Unreadable } from './requests.ts';
import { ioError } from './unreadable.ts';

/** Bounds of one response. */
const maxCharacters = 65_536;
const maxEntries = 500;

/** lmdb's errors that are not the store's fault. */
const { EPERM, EAGAIN, ENOMEM, EACCES, EBUSY, ENFILE, EMFILE, ENOSPC, EROFS } = constants.errno;
const systemErrors = [EPERM, EAGAIN, ENOMEM, EACCES, EBUSY, ENFILE, EMFILE, ENOSPC, EROFS];
/** After sysexits: the configuration does not fit; here, the format of the store. */
const otherFormat = 78;

export interface LegacyDatabase {
  readonly opened: Opened;
  /** Returns the response as a line of JSON. */
  respond(question: LegacyRequest): string;
}

/** Opens the store in a directory. lmdb may crash the process here, and at any request. */
export function openLegacyDatabase(directory: string): LegacyDatabase {
  try {
    const environment = openEnvironment(directory);
    const format = formatOf(environment);
    if (format !== undefined && format !== legacyFormat)
      return unopened(
        `spool in ${directory}: format ${format} is not known here (this program reads ${legacyFormat})`,
        otherFormat,
      );
    if (format === undefined && !isEmpty(environment))
      return unopened(`spool in ${directory}: meta: there is no format that can be read`);
    const missing = databaseNames.find((name) => format !== undefined && !environment.databases.has(name));
    if (missing !== undefined) return unopened(`spool in ${directory}: databases: ${missing} is missing`);
    const opened = headsOf(environment);
    return { opened, respond: (question) => answerTo({ ...environment, head: opened.head }, question) };
  } catch (error) {
    const { message, code = 0 } = error as Error & { readonly code?: number };
    return unopened(
      `spool in ${directory}: cannot be opened: ${message}`,
      systemErrors.includes(code) ? ioError : undefined,
    );
  }
}

function unopened(unreadable: string, exitCode?: number): LegacyDatabase {
  return {
    opened: { unreadable, ...(exitCode !== undefined && { exitCode }) },
    respond: ({ id }) => JSON.stringify({ id, unreadable } satisfies Unreadable),
  };
}

interface OpenStore extends Environment {
  readonly head: LegacyHead;
}

function answerTo(store: OpenStore, question: LegacyRequest): string {
  const { id } = question;
  try {
    if ('recordsFrom' in question) return recordsAfter(store, question);
    return JSON.stringify({ id, ...entriesOf(store, question.entriesOf, question.after) } satisfies Entries);
  } catch (error) {
    renewTransaction(store);
    return JSON.stringify({ id, unreadable: (error as Error).message } satisfies Unreadable);
  }
}

/** Builds the `Records` line by hand: the stored records are JSON already, and are not parsed. */
function recordsAfter(
  store: OpenStore,
  { id, recordsFrom: from, through }: Extract<LegacyRequest, { recordsFrom: number }>,
): string {
  const { items, next } = recordRange(storedRecords(store, from - 1, through), {
    from,
    through,
    head: store.head,
    maxCharacters,
  });
  const written = items.map((item) =>
    'text' in item ? `{"sequence":${item.sequence},"bytes":${item.bytes},"row":${item.text}}` : JSON.stringify(item),
  );
  return `{"id":${id},"records":[${written.join(',')}]${next === undefined ? '' : `,"next":${next}`}}`;
}

/** Reads the records in order; after a damaged page one by one. */
function* storedRecords(store: OpenStore, from: number, through: number): Generator<RangeEntry> {
  let next = Math.max(0, from);
  try {
    for (const { key, value } of store.databases.get('records')?.getRange({ start: next }) ?? []) {
      yield { key, value };
      if (typeof key === 'number' && key >= next) next = key + 1;
    }
  } catch {
    renewTransaction(store);
    yield* recordsOneByOne(store, next, through);
  }
}

const maxOneByOne = 10_000;

function* recordsOneByOne(store: OpenStore, from: number, through: number): Generator<RangeEntry> {
  for (let key = from; key <= through + 1; key += 1) {
    if (key >= from + maxOneByOne) return yield { continueAt: key };
    try {
      const value = store.databases.get('records')?.get(key);
      if (value !== undefined) yield { key, value };
    } catch {
      renewTransaction(store);
    }
  }
}

/** Reads as many entries as fit into a response. Entries before a damaged page form a separate response. */
function entriesOf(
  environment: Environment,
  name: LegacyDatabaseName,
  after: LegacyKey | undefined,
): Omit<Entries, 'id'> {
  const database = environment.databases.get(name);
  const entries: Entry[] = [];
  let [characters, previous] = [0, after];
  const range = after === undefined ? {} : { start: after as Key, exclusiveStart: true };
  try {
    for (const { key, value } of database?.getRange(range) ?? []) {
      if (previous !== undefined && compareKeys(key, previous as Key) <= 0)
        throw new Error('its keys are not in order');
      previous = key as LegacyKey;
      const { entry, length } = entryOf(name, previous, value);
      entries.push(entry);
      characters += length;
      if (characters >= maxCharacters || entries.length >= maxEntries) return { entries };
    }
    return { entries, counted: entryCount(database) };
  } catch (error) {
    if (entries.length === 0) throw error;
    renewTransaction(environment);
    return { entries };
  }
}

function entryOf(name: LegacyDatabaseName, key: LegacyKey, value: Buffer): { readonly entry: Entry; length: number } {
  const { hasChecksum, checksumCoversKey } = legacyDatabases[name];
  if (!hasChecksum) return { entry: { key, row: value.toString('latin1', 0, value.length) }, length: value.length };
  const text = verifiedText(value, checksumCoversKey ? key : '');
  return text === undefined
    ? { entry: { key, isDamaged: true }, length: 0 }
    : { entry: { key, row: JSON.parse(text) }, length: text.length };
}
