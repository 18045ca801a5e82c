// What of a damaged store was found and what is lost, counted.

import { foundRecords } from './found-records.ts';
import type { Lost } from './lost.ts';
import type { SalvagedItem } from './salvaged-item.ts';

export interface LossTally {
  position(item: Extract<SalvagedItem, { kind: 'position' }>): void;
  /** How many entries lmdb has counted in a database. */
  counted(database: string, entries: number): void;
  /** That a record was counted as lost already. */
  countedLost(sequence: number, points: number): void;
  /** That a record stands on a page in use, whether it is wanted or not. */
  seen(sequence: number): void;
  /** Notes something that was found; false when it was found before. */
  isNew(item: SalvagedItem): boolean;
  /** Whether a record is wanted that was not found yet. */
  isMissing(sequence: number): boolean;
  hasGaps(): boolean;
  lost(): Lost;
}

export function lossTally(): LossTally {
  const counts = new Map<string, number>();
  const records = foundRecords();
  const ids = { retry: new Set<string>(), parked: new Set<string>(), letter: new Set<string>() };
  const unfound = (database: string, set: ReadonlySet<string>): number => Math.max(0, (counts.get(database) ?? 0) - set.size);
  return {
    position: ({ position }) => records.position(position),
    counted(database, entries) {
      counts.set(database, entries);
      if (database === 'records') records.counted(entries);
    },
    countedLost: records.countedLost,
    seen: records.seen,
    isNew(item) {
      if (item.kind === 'record') return records.add(item);
      if (item.kind === 'position' || item.kind === 'run' || item.kind === 'count') return true;
      const id = item.kind === 'letter' ? item.id : `${item.sequence} ${item.kind === 'retry' ? item.sink : item.waitsFor}`;
      const isNew = !ids[item.kind].has(id);
      ids[item.kind].add(id);
      return isNew;
    },
    isMissing: records.isMissing,
    hasGaps: records.hasGaps,
    lost: () => ({
      ...records.lost(),
      retries: unfound('retries', ids.retry),
      parked: unfound('parked', ids.parked),
      deadLetters: unfound('dead-letters', ids.letter),
      uncounted: counts.has('records') ? 0 : 1,
    }),
  };
}
