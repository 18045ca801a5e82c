// Writes down in the spool what became of an errand's points. What the spool cannot write down now it is asked for again: to write the
// points to the sink another time would bring copies.

import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Attempt, outcomeOf } from './attempt.ts';
import type { Log } from '../runtime/log.ts';
import type { Sink, Verdict } from '../model/sink.ts';
import type { SpoolReader } from '../spool/readers/reader.ts';

export interface SettlementOptions {
  readonly reader: SpoolReader;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Why it could not be written down the last time; for the status. */
  lastError: string | undefined;
}

/** On a full disk it is what makes room. */
const maxPauseMs = 1_000;
/** A disk that is full for a moment is told by whoever refuses pushes. */
const toldAtAttempt = 5;

/** Resolves when it is on disk, or the signal aborts: then it is not known at the next start, and written another time. */
export async function settle(
  options: SettlementOptions,
  from: Attempt['from'],
  verdict: Verdict,
  signal: AbortSignal,
): Promise<void> {
  const { reader, sink, clock, random, log } = options;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = outcomeOf(from, verdict, { sink: sink.name, nowMs: clock.now(), random });
    try {
      await ('attempts' in from ? reader.finishRetry(from, outcome) : reader.finish(from, outcome));
      if (attempt > 1) options.lastError = undefined;
      return;
    } catch (error) {
      if (signal.aborted) return;
      options.lastError = (error as Error).message;
      if (attempt === toldAtAttempt)
        log.error(
          { sink: sink.name, reason: options.lastError },
          'what the sink has answered cannot be written down; it is tried until it can',
        );
      await clock.sleep(backoff(attempt, random, { capMs: maxPauseMs }), { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}
