// Looks for damage in a store: in the structure of its file, without lmdb, and in every value, with lmdb. The latter may
// end the process, so it is done in one that nobody needs (verification.ts).

import { join } from 'node:path';
import { type Database, type Key, open, type RootDatabase } from 'lmdb';
import { firstMissing } from './awaited-records.ts';
import { recordDictionary } from './dictionary.ts';
import { checkBranches } from './lmdb-file/branches.ts';
import { checkStructure, databasesOf } from './lmdb-file/databases.ts';
import { lengthFault } from './lmdb-file/free-pages.ts';
import { readMeta } from './lmdb-file/meta.ts';
import { openPageFile } from './lmdb-file/page-file.ts';
import { type Entry, entriesOf, freePages, type Walking, walking } from './lmdb-file/walk.ts';
import type { Position } from './position.ts';
import { isIntact, type SealKey, sealedJson, unsealed } from './record.ts';
import { keyOf } from './salvaged-item.ts';
import { type Sequences, sequences } from './sequences.ts';
import { format, unknownFormat } from './store.ts';

/** What stands in the way of opening the store at all, and can be seen in a few reads: looked at before every start. */
export function openingFaults(directory: string): readonly string[] {
  const file = openPageFile(join(directory, 'data.mdb'));
  try {
    const { meta, faults } = readMeta(file);
    if (meta === undefined) return faults;
    const found = [...faults];
    const walk = walking(file, meta, (words) => void found.push(words));
    const cut = lengthFault(walking(file, meta, () => {}));
    if (cut !== undefined) found.push(cut);
    const written = formatIn(walk);
    if (written.isOther) return [];
    const branches = walking(file, meta, (words) => void found.push(words));
    for (const [name, tree] of [...databasesOf(walking(file, meta, () => {})), [freePages, meta.free] as const]) checkBranches(branches, tree, name);
    return found.concat(written.faults);
  } finally {
    file.close();
  }
}

/** Of the meta data (store.ts), which is sealed without its keys. */
const metaKey = /^(format|generation|dead-letter-bytes|lost-\w+|skipped-.+|restored .+|damaged \d+)$/;

interface FormatFound {
  /** Whether another version has written the store: that is no damage. */
  readonly isOther: boolean;
  readonly faults: readonly string[];
}

/**
 * Reads what everything else hangs on and is small: the names of the databases, the meta data and the positions. A database
 * whose name is damaged would be taken for a new one, a sink whose position is for one that begins at the end.
 */
function formatIn(walk: Walking): FormatFound {
  const trees = databasesOf(walk);
  const faults: string[] = [];
  let written: unknown;
  for (const name of ['meta', 'positions']) {
    const tree = trees.get(name);
    if (tree === undefined) continue;
    for (const { key, value } of entriesOf(walk, tree, name)) {
      const id = keyOf(key);
      const seal = name === 'meta' ? '' : id;
      if (id === undefined || seal === undefined || value === undefined || !isIntact(value, seal)) faults.push(`${name}: ${String(id)}: the checksum does not fit`);
      else if (name === 'meta' && !metaKey.test(String(id))) faults.push(`meta: ${JSON.stringify(id)} is none of its keys`);
      else if (name === 'meta' && id === 'format') written = JSON.parse(unsealed(value));
    }
  }
  if (written !== undefined && written !== format) return { isOther: true, faults: [] };
  const missing = written === undefined ? [] : checkedDatabases.filter(({ name }) => !trees.has(name)).map(({ name }) => `databases: ${name} is missing`);
  return { isOther: false, faults: [...faults, ...missing] };
}

/** Says in words what is wrong with the structure of a store that nobody has open. */
export function checkFile(directory: string, fault: (words: string) => void): void {
  const file = openPageFile(join(directory, 'data.mdb'));
  try {
    const { meta, faults } = readMeta(file);
    for (const words of faults) fault(words);
    if (meta === undefined) return;
    const walk = walking(file, meta, fault);
    const cut = lengthFault(walk);
    if (cut !== undefined) fault(cut);
    const found = { records: sequences(), positions: new Map<string, Position>() };
    checkStructure(walk, (database, entry) => note(found, database, entry));
    const missing = firstMissing(found.records, [...found.positions.values()]);
    if (missing !== undefined) fault(`records: ${missing} is waited for, and is not there`);
  } finally {
    file.close();
  }
}

interface Found {
  readonly records: Sequences;
  /** By sink name. */
  readonly positions: Map<string, Position>;
}

function note({ records, positions }: Found, database: string, { key, value }: Entry): void {
  if (database !== 'records' && database !== 'positions') return;
  const id = keyOf(key);
  if (database === 'records' && typeof id === 'number') records.add(id);
  if (database === 'positions' && typeof id === 'string' && value !== undefined && isIntact(value, id)) positions.set(id, JSON.parse(unsealed(value, id)) as Position);
}

const plain = { isSealed: false, isSealedWithKey: false, isCompressed: false };
const sealed = { ...plain, isSealed: true };
const sealedWithKey = { ...sealed, isSealedWithKey: true };

/** The databases of a store (store.ts), in the order in which they are checked. */
export const checkedDatabases = [
  { name: 'meta', ...sealed },
  { name: 'positions', ...sealedWithKey },
  { name: 'records', ...sealedWithKey, isCompressed: true },
  { name: 'retries', ...sealedWithKey, isCompressed: true },
  { name: 'parked', ...sealed },
  { name: 'dead-letters', ...sealed },
  { name: 'malformed', ...sealed },
  { name: 'runs-0', ...plain },
  { name: 'runs-1', ...plain },
  { name: 'runs-2', ...plain },
  { name: 'runs-3', ...plain },
] as const;

export interface CheckSaying {
  readonly fault: (words: string) => void;
  /** Told where it is, now and then, in words. */
  readonly at: (words: string) => void;
}

const entriesBetweenWords = 50;

/** Reads databases of a store with lmdb, others may have it open, and says what does not fit. May end the process. Throws UnknownFormat. */
export async function checkValues(directory: string, databases: readonly (typeof checkedDatabases)[number][], { fault, at }: CheckSaying): Promise<void> {
  const environment = open({ path: directory, readOnly: true, maxDbs: checkedDatabases.length + 2, noSubdir: false });
  const encoder = sealedJson((error) => fault(`meta: ${error.message}`));
  const found = environment.openDB<number, string>({ name: 'meta', ...{ encoder } }).get('format');
  if (found !== format) throw unknownFormat(directory, found);
  for (const kind of databases) {
    at(kind.name);
    try {
      readThrough(openedToRead(environment, kind), kind, { fault, at });
    } catch (error) {
      fault(`${kind.name}: ${(error as Error).message}`);
    }
  }
  await environment.close();
}

type Kind = (typeof checkedDatabases)[number];

function openedToRead(environment: RootDatabase, { name, isCompressed }: Kind): Database<Buffer, Key> {
  const compression = isCompressed ? { compression: { threshold: 256, dictionary: recordDictionary() } } : {};
  return environment.openDB({ name, encoding: 'binary', ...compression });
}

function readThrough(database: Database<Buffer, Key>, { name, isSealed, isSealedWithKey }: Kind, { fault, at }: CheckSaying): void {
  let entries = 0;
  for (const { key, value } of database.getRange()) {
    const id = JSON.stringify(key);
    if (isSealed && !isIntact(value, isSealedWithKey ? (key as SealKey) : '')) fault(`${name}: ${id}: the checksum does not fit`);
    entries += 1;
    if (entries % entriesBetweenWords === 0) at(`${name}: ${id}`);
  }
}
