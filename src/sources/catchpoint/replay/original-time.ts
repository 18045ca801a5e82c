// Undoes what the original bridge did to its times: it read Catchpoint's UTC digits as local time (Python's time.mktime),
// so that every time is off by the machine's distance from UTC at that moment.

import type { Zone } from 'luxon';

export interface TrueTime {
  /** When the run took place, ms since 1970 UTC. */
  readonly timeMs: number;
  /** Whether it may be off by the length of a clock change; see trueTime. */
  readonly isDoubtful: boolean;
}

const minuteMs = 60_000;
/** No clock is changed by more, nor twice within as long. */
const aroundMs = 10_800_000;

/**
 * The true time behind a written one: the wall clock of the zone at that moment shows the digits that Catchpoint sent.
 *
 * The hour that a clock set back shows twice comes out right, whichever of the two was written: both show the same
 * digits. Digits that a clock set forward never shows were written as an hour later (in zones that tzdata describes by
 * their winter, such as Europe/Dublin, earlier), where other runs truly belong; nobody can tell them apart any more.
 * Both hours beside the gap are doubtful therefore, and taken as they stand.
 */
export function trueTime(writtenSeconds: number, zone: Zone): TrueTime {
  const writtenMs = writtenSeconds * 1000;
  const offsetMs = (atMs: number): number => zone.offset(atMs) * minuteMs;
  const here = offsetMs(writtenMs);
  const sinceGapMs = here - offsetMs(writtenMs - aroundMs);
  const untilGapMs = offsetMs(writtenMs + aroundMs) - here;
  const isAfterGap = sinceGapMs > 0 && offsetMs(writtenMs - sinceGapMs) !== here;
  const isBeforeGap = untilGapMs > 0 && offsetMs(writtenMs + untilGapMs) !== here;
  return { timeMs: writtenMs + here, isDoubtful: isAfterGap || isBeforeGap };
}
