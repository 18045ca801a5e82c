// Rate limit for calls to Catchpoint's REST API. The times of the calls are on disk, so that restarts and other
// processes share the limit.

import type { Clock } from '../../../../runtime/clock.ts';
import type { Log } from '../../../../runtime/log.ts';
import { finiteNumber, describeValue, member } from '../../fields.ts';
import { jsonFile } from '../json-file.ts';
import { RestFailure } from './failure.ts';

interface CallLimit {
  readonly calls: number;
  readonly perMs: number;
}

/** Below Catchpoint's limits of 7 a second, 20 a minute, 500 an hour and 2000 a day, which other programs share. */
export const callLimits: readonly CallLimit[] = [
  { calls: 4, perMs: 1000 },
  { calls: 16, perMs: 60_000 },
  { calls: 300, perMs: 3_600_000 },
  { calls: 1500, perMs: 86_400_000 },
];

export interface CallBudget {
  /**
   * Resolves when a call is allowed and its time is on disk.
   *
   * @throws RestFailure when the wait would exceed 15 minutes, the system's error, or the signal's reason
   */
  spend(signal: AbortSignal): Promise<void>;
}

const maxWaitMs = 900_000;
const longestMs = Math.max(...callLimits.map(({ perMs }) => perMs));

/** Reads the file before each call, because another process may have made calls. */
export function callBudget(path: string, clock: Clock, log: Log): CallBudget {
  const file = jsonFile({ path, parse: callTimes, render: (calls) => JSON.stringify({ calls }), log });
  let queue: Promise<unknown> = Promise.resolve();

  async function spendInTurn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const stored = (await file.read()) ?? [];
      const nowMs = clock.now();
      const calls = stored.map((atMs) => Math.min(atMs, nowMs)).filter((atMs) => atMs > nowMs - longestMs);
      // Times from a clock that was ahead count as now. Otherwise they would block the budget until then.
      if (stored.some((atMs) => atMs > nowMs)) await file.write(calls);
      const waitMs = Math.max(...callLimits.map((limit) => waitFor(limit, calls, nowMs)));
      if (waitMs <= 0) return file.write([...calls, nowMs]);
      if (waitMs > maxWaitMs) throw exhausted(calls.length, nowMs, waitMs);
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

/** Time until the call `limit.calls` back leaves the window. */
function waitFor(limit: CallLimit, calls: readonly number[], nowMs: number): number {
  const leavesNext = calls.at(-limit.calls);
  return leavesNext === undefined ? 0 : leavesNext + limit.perMs - nowMs;
}

function exhausted(calls: number, nowMs: number, waitMs: number): RestFailure {
  const until = new Date(nowMs + waitMs).toISOString();
  const message = `the budget of calls to the REST API is spent until ${until} (${calls} calls in the last day)`;
  return new RestFailure(message, { final: true, retryAfterMs: waitMs });
}

function callTimes(json: unknown): readonly number[] {
  const calls = member(json, 'calls');
  if (!Array.isArray(calls)) throw new Error(`calls: expected an array of times, found ${describeValue(calls)}`);
  return calls
    .map(finiteNumber)
    .filter((atMs) => atMs !== undefined)
    .toSorted((a, b) => a - b);
}
