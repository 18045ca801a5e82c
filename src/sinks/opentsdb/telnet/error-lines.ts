// Counts the lines that OpenTSDB sends about failed puts, and logs one of them now and then.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';

export interface ErrorLines {
  note(line: string): void;
  /** Since the start. */
  count(): number;
}

/** At most one line in so much time is logged, with the number of all. */
const logEveryMs = 60_000;

export function errorLines(clock: Clock, log: Log): ErrorLines {
  let count = 0;
  let logAtMs = -Infinity;
  return {
    count: () => count,
    note(line) {
      count += 1;
      if (clock.steady() < logAtMs) return;
      logAtMs = clock.steady() + logEveryMs;
      log.warn(
        { line, errorLines: count },
        'OpenTSDB: an error by telnet, which does not tell the point; at most one a minute is logged',
      );
    },
  };
}
