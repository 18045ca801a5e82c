// Records a sink's verdict in the spool. If the spool cannot write, the record is retried instead of the sink's write,
// which would duplicate the points in the sink.

import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Sink, Verdict } from '../model/sink.ts';
import type { SpoolReader } from '../spool/readers/reader.ts';
import type { Attempt } from './attempt.ts';
import { outcomeOf } from './retry-policy.ts';

export interface RecordOptions {
  readonly reader: SpoolReader;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Set while the spool cannot write; for the status. */
  lastError: string | undefined;
}

/** Short, because recording frees space on a full disk. */
const maxPauseMs = 1_000;
/** A shorter failure is logged where pushes are refused. */
const loggedAtAttempt = 5;

/** Resolves once the outcome is on disk. After an abort the next start writes the points again. */
export async function recordVerdict(
  options: RecordOptions,
  work: Attempt['work'],
  verdict: Verdict,
  signal: AbortSignal,
): Promise<void> {
  const { reader, sink, clock, random, log } = options;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = outcomeOf(work, verdict, { sink: sink.name, nowMs: clock.now(), random });
    try {
      await ('attempts' in work ? reader.finishRetry(work, outcome) : reader.finish(work, outcome));
      if (attempt > 1) options.lastError = undefined;
      return;
    } catch (error) {
      if (signal.aborted) return;
      options.lastError = (error as Error).message;
      if (attempt === loggedAtAttempt)
        log.error(
          { sink: sink.name, reason: options.lastError },
          'what the sink has answered cannot be written down; it is tried until it can',
        );
      await clock.sleep(backoff(attempt, random, { capMs: maxPauseMs }), { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}
