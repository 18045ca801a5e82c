// The position of a sink: a low-water mark, and ranges above it that were finished out of order.

/** Consecutive records, both ends inclusive. */
export type Range = readonly [from: number, through: number];

/** A finished range, and the points and bytes in it. */
export type FinishedRange = readonly [from: number, through: number, points: number, bytes: number];

export interface Position {
  /** The low-water mark: every record up to it is finished. */
  readonly through: number;
  /** Disjoint ranges above the low-water mark, ascending, never adjacent. */
  readonly finished: readonly FinishedRange[];
  /** Finished over the life of the log. The backlog is the total appended less these. */
  readonly points: number;
  readonly bytes: number;
  /** Set while the sink is not configured. */
  readonly gone?: Gone;
}

/** When a sink was removed, and the end of the log at that time: later records do not wait for it. */
interface Gone extends Pick<Position, 'through' | 'points' | 'bytes'> {
  /** ms since 1970 UTC */
  readonly sinceMs: number;
}

/** Finishes a range that overlaps no finished range. */
export function finish(position: Position, range: FinishedRange): Position {
  const [, , points, bytes] = range;
  return withFinished(position, position.through, merged([...position.finished, range]), {
    points: position.points + points,
    bytes: position.bytes + bytes,
  });
}

/** Finishes every record up to `through`. `before`: totals of the log up to and including that record. */
export function finishThrough(
  position: Position,
  through: number,
  before: Pick<Position, 'points' | 'bytes'>,
): Position {
  if (through <= position.through) return position;
  let { points, bytes } = before;
  const above: FinishedRange[] = [];
  for (const [from, last, rangePoints, rangeBytes] of position.finished) {
    if (last <= through) continue;
    const share = from > through ? 1 : (last - through) / (last - from + 1);
    const rest = [Math.round(rangePoints * share), Math.round(rangeBytes * share)] as const;
    above.push([Math.max(from, through + 1), last, ...rest]);
    points += rest[0];
    bytes += rest[1];
  }
  return withFinished(position, through, above, {
    points: Math.max(points, position.points),
    bytes: Math.max(bytes, position.bytes),
  });
}

/** Moves the low-water mark over the first range if that is adjacent. */
function withFinished(
  { gone }: Position,
  through: number,
  ranges: readonly FinishedRange[],
  counts: Pick<Position, 'points' | 'bytes'>,
): Position {
  const [first] = ranges;
  const isAdjacent = first !== undefined && first[0] <= through + 1;
  return {
    through: isAdjacent ? Math.max(through, first[1]) : through,
    finished: isAdjacent ? ranges.slice(1) : ranges,
    ...counts,
    ...(gone && { gone }),
  };
}

/** Finishes the unfinished part of a range, with a proportional share of its points and bytes. */
export function finishRest(position: Position, [from, through, points, bytes]: FinishedRange): Position {
  let moved = position;
  for (let next = nextUnfinished(moved, from); next.from <= through; next = nextUnfinished(moved, next.from)) {
    const last = Math.min(through, next.before - 1);
    const share = (last - next.from + 1) / (through - from + 1);
    moved = finish(moved, [next.from, last, Math.round(points * share), Math.round(bytes * share)]);
  }
  return moved;
}

/** The first unfinished stretch at or after `from`, and the finished record that ends it. */
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

/** The last unfinished stretch that ends at or before `through`. */
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

/** Sorts ranges and joins adjacent ones. */
function merged(ranges: readonly FinishedRange[]): FinishedRange[] {
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
