// The records found in a damaged store, and those that should be there too: told by their numbers, which have no gaps but
// where a sink is gone, and by how many points had been appended before each.

import type { Lost } from './lost.ts';
import { isFinished, merged, type Position, type Range, unfinishedRanges } from './position.ts';
import type { SalvagedItem } from './salvaged-item.ts';
import { sequences } from './sequences.ts';

type FoundRecord = Extract<SalvagedItem, { kind: 'record' }>;

export interface FoundRecords {
  /** Of a sink; the rest is judged by them. */
  position(position: Position): void;
  /** How many lmdb has counted. */
  counted(entries: number): void;
  /** That one is lost, and counted as such: it is looked for no more. */
  countedLost(sequence: number, points: number): void;
  /** That a record stands on a page in use: it is stored, finished or not. */
  seen(sequence: number): void;
  /** False when it was found before. */
  add(record: FoundRecord): boolean;
  isMissing(sequence: number): boolean;
  hasGaps(): boolean;
  lost(): Pick<Lost, 'records' | 'points'>;
}

interface Found {
  readonly positions: Position[];
  readonly numbers: ReturnType<typeof sequences>;
  readonly seen: ReturnType<typeof sequences>;
  /** Counted as lost before. */
  readonly countedLost: { readonly sequence: number; readonly points: number }[];
  entries: number | undefined;
  count: number;
  points: number;
  /** The last record that may be wanted, until something changes it. */
  furthest: number | undefined;
  first: FoundRecord | undefined;
  last: FoundRecord | undefined;
}

export function foundRecords(): FoundRecords {
  const found: Found = { positions: [], numbers: sequences(), seen: sequences(), countedLost: [], entries: undefined, count: 0, points: 0, furthest: undefined, first: undefined, last: undefined };
  return {
    position(position) {
      found.positions.push(position);
      found.furthest = undefined;
    },
    counted(entries) {
      found.entries = entries;
      found.furthest = undefined;
    },
    countedLost(sequence, points) {
      found.countedLost.push({ sequence, points });
      note(found, sequence, points);
    },
    seen: (sequence) => found.seen.add(sequence),
    add: (record) => add(found, record),
    isMissing: (sequence) => isWanted(found, sequence) && !found.numbers.has(sequence),
    hasGaps: () => found.numbers.rows().length > 1 || found.count < (found.entries ?? 0),
    lost: () => lost(found),
  };
}

function add(found: Found, record: FoundRecord): boolean {
  const { numbers, first, last } = found;
  if (numbers.has(record.sequence)) return false;
  note(found, record.sequence, record.points);
  if (first === undefined || record.sequence < first.sequence) found.first = record;
  if (last === undefined || record.sequence > last.sequence) found.last = record;
  return true;
}

/** What is unfinished is there up to the last record, found or not; only of what is finished it says something new. */
function note(found: Found, sequence: number, points: number): void {
  found.numbers.add(sequence);
  found.count += 1;
  found.points += points;
  if (found.positions.length === 0 || !isUnfinished(found, sequence)) found.furthest = undefined;
}

/** What all have finished may be deleted, wherever it stands: it is not counted on here. */
function isWanted(found: Found, sequence: number): boolean {
  if (sequence < lowest(found) || !isUnfinished(found, sequence)) return false;
  return found.entries === undefined || sequence <= (found.furthest ??= lastStored(found, found.entries, []));
}

function isUnfinished({ positions }: Found, sequence: number): boolean {
  return positions.length === 0 || positions.some((position) => !isFinished(position, sequence));
}

/** What is stored begins behind what every sink has finished. */
function lowest({ positions, first }: Found): number {
  return positions.length > 0 ? Math.min(...positions.map(({ through }) => through)) + 1 : (first?.sequence ?? 1);
}

/**
 * What some sink waits for is stored. What all have finished is deleted up to where the first of them stands, and above that
 * where one came back that nothing was held for meanwhile; beyond where the last of them stands it is stored still.
 */
function highest(found: Found): number {
  const { entries, positions, last } = found;
  if (entries === undefined) return last?.sequence ?? 0;
  const others = positions.length === 0 ? [] : [[Math.max(...positions.map(({ through }) => through)) + 1, Infinity] as const];
  return Math.max(last?.sequence ?? 0, lastStored(found, entries, [...found.seen.rows(), ...others]));
}

/** The last of so many records, of which there are those that are waited for, those found, and those in `others`. */
function lastStored(found: Found, entries: number, others: readonly Range[]): number {
  const waitedFor = found.positions.length === 0 ? [[lowest(found), Infinity] as const] : found.positions.flatMap(unfinishedRanges);
  let left = entries;
  let end = 0;
  for (const [from, through] of merged([...waitedFor, ...found.numbers.rows(), ...others])) {
    if (through - from + 1 >= left) return from + left - 1;
    left -= through - from + 1;
    end = through;
  }
  return end;
}

function lost(found: Found): Pick<Lost, 'records' | 'points'> {
  const [from, end] = knownEnds(found);
  const isWithin = (sequence: number): boolean => from !== undefined && end !== undefined && sequence >= from.sequence && sequence <= end.sequence;
  const unfound = { within: 0, unfinishedWithin: 0, unfinishedOutside: 0 };
  for (const sequence of found.numbers.missing([lowest(found), highest(found)])) {
    const unfinished = Number(isUnfinished(found, sequence));
    if (!isWithin(sequence)) unfound.unfinishedOutside += unfinished;
    else {
      unfound.within += 1;
      unfound.unfinishedWithin += unfinished;
    }
  }
  const records = unfound.unfinishedWithin + unfound.unfinishedOutside;
  if (from === undefined || end === undefined) return { records, points: 0 };
  const countedElsewhere = found.countedLost.filter(({ sequence }) => !isWithin(sequence)).reduce((sum, { points }) => sum + points, 0);
  const withinPoints = Math.max(0, end.points - from.points - (found.points - countedElsewhere));
  const share = unfound.unfinishedWithin / Math.max(1, unfound.within);
  return { records, points: Math.round(withinPoints * share + unfound.unfinishedOutside * (found.points / Math.max(1, found.count))) };
}

interface KnownEnd {
  readonly sequence: number;
  /** How many had been appended, ever, before that record; or with it, at the end. */
  readonly points: number;
}

/** How much had been appended is known of the records found, and of the sinks that have finished everything up to where they stand. */
function knownEnds({ first, last, positions }: Found): [from: KnownEnd | undefined, end: KnownEnd | undefined] {
  const whole = positions.filter(({ finished, gone }) => finished.length === 0 && gone === undefined);
  const starts = whole.map(({ through, points }) => ({ sequence: through + 1, points }));
  if (first !== undefined) starts.push({ sequence: first.sequence, points: first.pointsBefore });
  const ends: KnownEnd[] = whole.map(({ through, points }) => ({ sequence: through, points }));
  if (last !== undefined) ends.push({ sequence: last.sequence, points: last.pointsBefore + last.points });
  return [starts.toSorted((a, b) => a.sequence - b.sequence)[0], ends.toSorted((a, b) => b.sequence - a.sequence)[0]];
}
