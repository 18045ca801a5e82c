// How far a sink has come in the spool: a low-water mark, and the ranges that were finished above it out of order.

/** A contiguous run of records, both ends included. */
export type Range = readonly [from: number, through: number];

/** A range that is finished, and what was in it. */
export type FinishedRange = readonly [from: number, through: number, points: number, bytes: number];

export interface Position {
  /** Every record up to this one is finished. */
  readonly through: number;
  /** Finished above `through`, in order, never touching one another. */
  readonly finished: readonly FinishedRange[];
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

/** The position after the records of a range are finished too, which none of those finished before overlaps. */
export function finish(position: Position, range: FinishedRange): Position {
  const ranges = merged([...position.finished, range]);
  const first = ranges[0];
  const reaches = first !== undefined && first[0] <= position.through + 1;
  return {
    through: reaches ? Math.max(position.through, first[1]) : position.through,
    finished: reaches ? ranges.slice(1) : ranges,
    points: position.points + range[2],
    bytes: position.bytes + range[3],
    ...(position.gone && { gone: position.gone }),
  };
}

/**
 * The position after every record up to `through` is finished too.
 *
 * @param before - what had been appended, ever, up to and with that record
 */
export function finishThrough(
  position: Position,
  through: number,
  before: Pick<Position, 'points' | 'bytes'>,
): Position {
  if (through <= position.through) return position;
  let { points, bytes } = before;
  const above: FinishedRange[] = [];
  for (const range of position.finished) {
    const [from, last] = range;
    if (last <= through) continue;
    const share = from > through ? 1 : (last - through) / (last - from + 1);
    const rest: FinishedRange = [
      Math.max(from, through + 1),
      last,
      Math.round(range[2] * share),
      Math.round(range[3] * share),
    ];
    above.push(rest);
    points += rest[2];
    bytes += rest[3];
  }
  const reaches = above[0] !== undefined && above[0][0] === through + 1;
  return {
    through: reaches ? (above[0] as FinishedRange)[1] : through,
    finished: reaches ? above.slice(1) : above,
    points: Math.max(points, position.points),
    bytes: Math.max(bytes, position.bytes),
    ...(position.gone && { gone: position.gone }),
  };
}

/** The position after what of a range is not finished yet is finished too. */
export function finishRest(position: Position, [from, through, points, bytes]: FinishedRange): Position {
  let moved = position;
  for (let next = nextUnfinished(moved, from); next.from <= through; next = nextUnfinished(moved, next.from)) {
    const last = Math.min(through, next.before - 1);
    const share = (last - next.from + 1) / (through - from + 1);
    moved = finish(moved, [next.from, last, Math.round(points * share), Math.round(bytes * share)]);
  }
  return moved;
}

/** The first unfinished stretch at or after `from`: where it begins, and where the next finished range ends it. */
export function nextUnfinished(
  { through, finished }: Position,
  from: number,
): { readonly from: number; readonly before: number } {
  let start = Math.max(from, through + 1);
  for (const [first, last] of finished) {
    if (first > start) return { from: start, before: first };
    if (last >= start) start = last + 1;
  }
  return { from: start, before: Infinity };
}

/** The last unfinished stretch that ends at or before `through`, both ends included; undefined when there is none. */
export function lastUnfinished(
  { through: low, finished }: Pick<Position, 'through' | 'finished'>,
  through: number,
): Range | undefined {
  let end = through;
  for (const [from, last] of finished.toReversed()) {
    if (last < end) return [last + 1, end];
    end = Math.min(end, from - 1);
  }
  return end > low ? [low + 1, end] : undefined;
}

/** The same numbers, in ranges in order that never touch one another. */
export function merged(ranges: readonly FinishedRange[]): FinishedRange[] {
  const result: FinishedRange[] = [];
  for (const range of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && range[0] <= last[1] + 1) {
      result[result.length - 1] = [last[0], Math.max(last[1], range[1]), last[2] + range[2], last[3] + range[3]];
    } else {
      result.push(range);
    }
  }
  return result;
}
