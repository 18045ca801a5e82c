// Corrects the times of the original bridge, which parsed Catchpoint's UTC digits as local time (Python's time.mktime).
// Each time is off by the machine's offset from UTC.

import type { Zone } from 'luxon';

interface CorrectedTime {
  /** Time of the run, ms since 1970 UTC. */
  readonly timeMs: number;
  /** True if the time may be off by the length of a clock change. */
  readonly isDoubtful: boolean;
}

const minuteMs = 60_000;
/** No clock change is longer, and none follows another within this time. */
const aroundMs = 10_800_000;

/**
 * The wall clock of the zone at the written time shows the digits that Catchpoint sent.
 *
 * Digits that the clock shows twice, when it is set back, are correct for both written times. Digits that it never
 * shows, when it is set forward, were written as an hour later, where other runs belong (an hour earlier in zones such
 * as Europe/Dublin, which tzdata describes by their winter time). The two cannot be told apart, so the hours on both
 * sides of the gap are doubtful and stay as they are.
 */
export function correctedTime(writtenSeconds: number, zone: Zone): CorrectedTime {
  const writtenMs = writtenSeconds * 1000;
  const offsetMs = (atMs: number): number => zone.offset(atMs) * minuteMs;
  const here = offsetMs(writtenMs);
  const sinceGapMs = here - offsetMs(writtenMs - aroundMs);
  const untilGapMs = offsetMs(writtenMs + aroundMs) - here;
  const isAfterGap = sinceGapMs > 0 && offsetMs(writtenMs - sinceGapMs) !== here;
  const isBeforeGap = untilGapMs > 0 && offsetMs(writtenMs + untilGapMs) !== here;
  return { timeMs: writtenMs + here, isDoubtful: isAfterGap || isBeforeGap };
}
