// The records found in a damaged store, and those that should be there too: told by their numbers, which have no gaps but
// where a sink is gone, and by how many points had been appended before each.

import type { Lost } from './lost.ts';
import { isFinished, type Position } from './position.ts';
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
  /** False when it was found before. */
  add(record: FoundRecord): boolean;
  isMissing(sequence: number): boolean;
  hasGaps(): boolean;
  lost(): Pick<Lost, 'records' | 'points'>;
}

interface Found {
  readonly positions: Position[];
  readonly numbers: ReturnType<typeof sequences>;
  entries: number | undefined;
  count: number;
  points: number;
  first: FoundRecord | undefined;
  last: FoundRecord | undefined;
}

export function foundRecords(): FoundRecords {
  const found: Found = { positions: [], numbers: sequences(), entries: undefined, count: 0, points: 0, first: undefined, last: undefined };
  return {
    position: (position) => void found.positions.push(position),
    counted: (entries) => void (found.entries = entries),
    countedLost(sequence, points) {
      found.numbers.add(sequence);
      found.count += 1;
      found.points += points;
    },
    add: (record) => add(found, record),
    isMissing: (sequence) => isWanted(found, sequence) && !found.numbers.has(sequence),
    hasGaps: () => found.numbers.rows().length > 1 || found.count < (found.entries ?? 0),
    lost: () => lost(found),
  };
}

function add(found: Found, record: FoundRecord): boolean {
  const { numbers, first, last } = found;
  if (numbers.has(record.sequence)) return false;
  numbers.add(record.sequence);
  found.count += 1;
  found.points += record.points;
  if (first === undefined || record.sequence < first.sequence) found.first = record;
  if (last === undefined || record.sequence > last.sequence) found.last = record;
  return true;
}

function isWanted(found: Found, sequence: number): boolean {
  return sequence >= lowest(found) && (found.entries === undefined || sequence <= highest(found)) && isUnfinished(found, sequence);
}

function isUnfinished({ positions }: Found, sequence: number): boolean {
  return positions.length === 0 || positions.some((position) => !isFinished(position, sequence));
}

/** What is stored begins behind what every sink has finished. */
function lowest({ positions, first }: Found): number {
  return positions.length > 0 ? Math.min(...positions.map(({ through }) => through)) + 1 : (first?.sequence ?? 1);
}

function highest(found: Found): number {
  const { entries, positions, last } = found;
  if (entries === undefined) return last?.sequence ?? 0;
  const served = positions.filter(({ gone }) => gone === undefined).map(({ through }) => through);
  const from = served.length === 0 ? lowest(found) - 1 : Math.min(...served);
  return from + entries - heldUpTo(positions, from);
}

/** How many records up to there are kept for sinks that are gone alone. */
function heldUpTo(positions: readonly Position[], through: number): number {
  const held = positions.flatMap((position) => (position.gone === undefined ? [] : [[position.through, position.gone.through] as const]));
  let reached = 0;
  let count = 0;
  for (const [from, last] of held.toSorted((a, b) => a[0] - b[0])) {
    const end = Math.min(last, through);
    count += Math.max(0, end - Math.max(from, reached));
    reached = Math.max(reached, end);
  }
  return count;
}

function lost(found: Found): Pick<Lost, 'records' | 'points'> {
  const missing = [...found.numbers.missing([lowest(found), highest(found)])];
  const records = missing.filter((sequence) => isUnfinished(found, sequence)).length;
  const [from, end] = knownEnds(found);
  if (records === 0 || from === undefined || end === undefined) return { records, points: 0 };
  const within = missing.filter((sequence) => sequence >= from.sequence && sequence <= end.sequence).length;
  const withinPoints = Math.max(0, end.points - from.points - found.points);
  const outsidePoints = (missing.length - within) * (found.points / Math.max(1, found.count));
  return { records, points: Math.round((withinPoints + outsidePoints) * (records / missing.length)) };
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
