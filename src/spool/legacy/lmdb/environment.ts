// The lmdb environment of the legacy store with its databases, for the reader process.

import { type Database, type Key, open, type RootDatabase } from 'lmdb';
import {
  type LegacyDatabaseName,
  legacyDatabases,
  type LegacyHead,
  type LegacyKey,
  type LegacyPosition,
  recordDictionary,
  recordOverheadBytes,
  type RecordRow,
  verifiedText,
} from './format.ts';

export interface Environment {
  readonly root: RootDatabase;
  readonly databases: ReadonlyMap<LegacyDatabaseName, Database<Buffer>>;
}

export const databaseNames = Object.keys(legacyDatabases) as readonly LegacyDatabaseName[];

/** Opens the databases that exist. An earlier version that died in its first start may have made none. */
export function openEnvironment(directory: string): Environment {
  const root = open({ path: directory, readOnly: true, maxDbs: 16, noSubdir: false });
  const dictionary = recordDictionary();
  const existing = new Set([...root.getKeys()].map(String));
  const databases = databaseNames
    .filter((name) => existing.has(name))
    .map((name) => {
      const compression = legacyDatabases[name].isCompressed ? { compression: { threshold: 256, dictionary } } : {};
      return [name, root.openDB<Buffer, Key>({ name, encoding: 'binary', ...compression })] as const;
    });
  return { root, databases: new Map(databases) };
}

/** Ends the read transaction. After damage it reads nothing more, not even intact pages. */
export function renewTransaction({ root }: Environment): void {
  (root as unknown as { _commitReadTxn(): void })._commitReadTxn();
}

/** Returns lmdb's own count of the entries, since a damaged page may look empty. */
export function entryCount(database: Database<Buffer> | RootDatabase | undefined): number {
  return (database?.getStats() as { readonly entryCount: number } | undefined)?.entryCount ?? 0;
}

export function isEmpty({ root, databases }: Environment): boolean {
  return entryCount(root) === databases.size && [...databases.values()].every((database) => entryCount(database) === 0);
}

export function formatOf({ databases }: Environment): unknown {
  const value = databases.get('meta')?.get('format');
  const text = value && verifiedText(value, '');
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * Returns the head, and the head before the first readable record. The head is that of the last record, or of a
 * position that is above it: sinks may have finished more than the store still holds.
 */
export function headsOf(environment: Environment): { readonly head: LegacyHead; readonly before: LegacyHead } {
  const { databases } = environment;
  const heads: LegacyHead[] = [];
  for (const { key, value } of databases.get('positions')?.getRange() ?? []) {
    const text = verifiedText(value, key as LegacyKey);
    if (text === undefined) continue;
    const { through, points, bytes, gone } = JSON.parse(text) as LegacyPosition;
    heads.push({ sequence: through, points, bytes });
    if (gone !== undefined) heads.push({ sequence: gone.through, points: gone.points, bytes: gone.bytes });
  }
  const last = boundaryRecord(environment, true);
  heads.push(last?.after ?? { sequence: 0, points: 0, bytes: 0 });
  const largest = (member: keyof LegacyHead): number => Math.max(0, ...heads.map((head) => head[member]));
  const before = headBeforeFirst(environment);
  const count = entryCount(databases.get('records'));
  if (count > 0 && last === undefined) throw new Error(`none of ${count} records can be read`);
  const head = {
    sequence: Math.max(largest('sequence'), (before?.sequence ?? -count) + count),
    points: largest('points'),
    bytes: largest('bytes'),
  };
  return { head, before: before ?? head };
}

/** Ignores damage here: the result is needed only if a position is damaged as well. */
function headBeforeFirst(environment: Environment): LegacyHead | undefined {
  try {
    return boundaryRecord(environment, false)?.before;
  } catch {
    renewTransaction(environment);
    return undefined;
  }
}

/** Returns the heads around the first or last readable record; `after` counts damaged records behind it. */
function boundaryRecord(
  { databases }: Environment,
  isLast: boolean,
): { readonly before: LegacyHead; readonly after: LegacyHead } | undefined {
  let damaged = 0;
  for (const { key, value } of databases.get('records')?.getRange({ reverse: isLast }) ?? []) {
    const text = typeof key === 'number' ? verifiedText(value, key) : undefined;
    if (text === undefined) {
      damaged += 1;
      continue;
    }
    const [, points, bytes, rows] = JSON.parse(text) as RecordRow;
    const sequence = key as number;
    return {
      before: { sequence: sequence - 1, points, bytes },
      after: {
        sequence: sequence + damaged,
        points: points + rows.length,
        bytes: bytes + value.length + recordOverheadBytes,
      },
    };
  }
  return undefined;
}
