// When a series may have another point: two values of one series at one time would replace each other.

/** A clock that is behind by more than this was set back; to wait until it has caught up may take hours. */
export const maxWaitMs = 60_000;

/**
 * Whether a series may have a point at a time: after its last one, or so long before it that the clock was set back.
 * All three are in one unit, that of the points or ms.
 *
 * @param lastAt - 0 without a point
 * @param maxWait - maxWaitMs in that unit
 */
export function isNewTime(at: number, lastAt: number, maxWait: number): boolean {
  return at > lastAt || lastAt - at > maxWait;
}
