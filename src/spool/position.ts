// How far a sink has come in the spool: a low-water mark, and the ranges that were finished above it out of order.

/** A contiguous run of records, both ends included. */
export type Range = readonly [from: number, through: number];

export interface Position {
  /** Every record up to this one is finished. */
  readonly through: number;
  /** Finished above `through`, in order, never touching one another. */
  readonly finished: readonly Range[];
  /** Points and bytes finished, ever; how much waits is what has been appended, ever, less these. */
  readonly points: number;
  readonly bytes: number;
  /** Present while no such sink is configured. */
  readonly gone?: Gone;
}

/** When a sink went, and the end of the spool then: it holds what waited for it up to there, and nothing that came later. */
export interface Gone extends Pick<Position, 'through' | 'points' | 'bytes'> {
  /** ms since 1970 UTC */
  readonly sinceMs: number;
}

/** The position after the records of `range`, which hold so many points and bytes, are finished too. */
export function finish(position: Position, range: Range, { points, bytes }: Pick<Position, 'points' | 'bytes'>): Position {
  const ranges = merged([...position.finished, range]);
  const first = ranges[0];
  const reaches = first !== undefined && first[0] <= position.through + 1;
  return {
    through: reaches ? Math.max(position.through, first[1]) : position.through,
    finished: reaches ? ranges.slice(1) : ranges,
    points: position.points + points,
    bytes: position.bytes + bytes,
  };
}

/** What came when a sink was gone is nothing to it. */
export function isFinished({ through, finished, gone }: Position, sequence: number): boolean {
  return sequence <= through || sequence > (gone?.through ?? Infinity) || finished.some(([from, last]) => from <= sequence && sequence <= last);
}

/** The first unfinished stretch at or after `from`: where it begins, and where the next finished range ends it. */
export function nextUnfinished({ through, finished }: Position, from: number): { readonly from: number; readonly before: number } {
  let start = Math.max(from, through + 1);
  for (const [first, last] of finished) {
    if (first > start) return { from: start, before: first };
    if (last >= start) start = last + 1;
  }
  return { from: start, before: Infinity };
}

/** The last unfinished stretch that ends at or before `through`, both ends included; undefined when there is none. */
export function lastUnfinished({ through: low, finished }: Pick<Position, 'through' | 'finished'>, through: number): Range | undefined {
  let end = through;
  for (const [from, last] of finished.toReversed()) {
    if (last < end) return [last + 1, end];
    end = Math.min(end, from - 1);
  }
  return end > low ? [low + 1, end] : undefined;
}

/** What is unfinished, in order; the last range has no end unless the sink is gone. */
export function unfinishedRanges(position: Position): Range[] {
  const ranges: Range[] = [];
  const end = position.gone?.through ?? Infinity;
  for (let next = nextUnfinished(position, 0); next.from <= end; next = nextUnfinished(position, next.before)) {
    ranges.push([next.from, Math.min(next.before - 1, end)]);
    if (next.before > end || next.before === Infinity) break;
  }
  return ranges;
}

/** The same numbers, in ranges in order that never touch one another. */
export function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const [from, through] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1) {
      result[result.length - 1] = [last[0], Math.max(last[1], through)];
    } else {
      result.push([from, through]);
    }
  }
  return result;
}
