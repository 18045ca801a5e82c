// Paces the calls to Catchpoint's REST API, over restarts too, so that not even a crash loop runs into its limits.

import type { Clock } from '../../../../runtime/clock.ts';
import type { Log } from '../../../../runtime/log.ts';
import { finiteNumber, found } from '../../fields.ts';
import { jsonFile } from '../json-file.ts';
import { RestFailure } from './failure.ts';

export interface CallLimit {
  readonly calls: number;
  readonly perMs: number;
}

/** Well under Catchpoint's 7 a second, 20 a minute, 500 an hour and 2000 a day, which other programs may share. */
export const callLimits: readonly CallLimit[] = [
  { calls: 4, perMs: 1000 },
  { calls: 16, perMs: 60_000 },
  { calls: 300, perMs: 3_600_000 },
  { calls: 1500, perMs: 86_400_000 },
];

export interface CallBudget {
  /**
   * Resolves when a call may be made, which is on disk by then.
   *
   * @throws RestFailure when that would take more than a quarter of an hour, the disk's own error, or the signal's reason
   */
  spend(signal: AbortSignal): Promise<void>;
}

export interface CallBudgetOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: readonly CallLimit[];
}

const maxWaitMs = 900_000;

/** A budget kept at `path`, which is read before each call: another process may spend of it too. */
export function callBudget({ path, clock, log, limits = callLimits }: CallBudgetOptions): CallBudget {
  const longestMs = Math.max(...limits.map(({ perMs }) => perMs));
  const file = jsonFile<readonly number[]>({
    path,
    parse: callTimes,
    render: (calls) => JSON.stringify({ calls }),
    log,
  });
  let queue: Promise<unknown> = Promise.resolve();

  async function spendInTurn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const kept = (await file.read()) ?? [];
      const nowMs = clock.now();
      const calls = kept.map((atMs) => Math.min(atMs, nowMs)).filter((atMs) => atMs > nowMs - longestMs);
      // Times that a clock ahead has left count from now on, not for ever.
      if (kept.some((atMs) => atMs > nowMs)) await file.write(calls);
      const waitMs = Math.max(...limits.map((limit) => waitFor(limit, calls, nowMs)));
      if (waitMs <= 0) return file.write([...calls, nowMs]);
      if (waitMs > maxWaitMs) throw spent(calls.length, nowMs, waitMs);
      await clock.sleep(waitMs, { signal });
    }
  }

  return {
    spend(signal) {
      const turn = queue.then(() => spendInTurn(signal));
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** How long until the window has room; the call that leaves it next is `limit.calls` back. */
function waitFor(limit: CallLimit, calls: readonly number[], nowMs: number): number {
  const leaves = calls.at(-limit.calls);
  return leaves === undefined ? 0 : leaves + limit.perMs - nowMs;
}

function spent(calls: number, nowMs: number, waitMs: number): RestFailure {
  const until = new Date(nowMs + waitMs).toISOString();
  return new RestFailure(
    `the budget of calls to the REST API is spent until ${until} (${calls} calls in the last day)`,
    {
      final: true,
      retryAfterMs: waitMs,
    },
  );
}

function callTimes(json: unknown): readonly number[] {
  const calls = (json as { calls?: unknown } | null)?.calls;
  if (!Array.isArray(calls)) throw new Error(`calls: expected an array of times, found ${found(calls)}`);
  return calls
    .map(finiteNumber)
    .filter((atMs) => atMs !== undefined)
    .toSorted((a, b) => a - b);
}
