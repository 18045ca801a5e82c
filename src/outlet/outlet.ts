// Delivers points from the spool to one sink, with several batches in flight, until the sink accepts or rejects each
// point. retry-policy.ts has the pauses and bounds.
//
//   spool ──next──► attempt ──write──► sink       accepted: done
//     ▲  ▲            ▲                 │         rejected: dead letter
//     │  └─retry set──┤◄────────────────┤         kept: into the retry set
//     └───finish──────┼─────────────────┤
//                     └──── failed ◄────┘         no answer, or every point kept: the same batch again after a pause

import { setMaxListeners } from 'node:events';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Ruling, Sink, Verdict } from '../model/sink.ts';
import type { Backlog } from '../spool/readers/backlog.ts';
import type { Batch } from '../spool/readers/batches.ts';
import type { SpoolReader } from '../spool/readers/reader.ts';
import { allKept, type Attempt, countsOf, failedAttempt, firstAttempt, pointCountOf, writeTo } from './attempt.ts';
import { inFlightLimit, type InFlightLimit } from './in-flight-limit.ts';
import { type Linger, linger } from './linger.ts';
import { type Outage, outage } from './outage.ts';
import { recordVerdict } from './record-verdict.ts';
import { isExhausted, isPoison, outagePauseMs, takeNext } from './retry-policy.ts';

export interface OutletOptions {
  readonly reader: SpoolReader;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** The minimum time between the starts of two batches. A full batch does not wait. Default 0. */
  readonly lingerMs?: number;
}

export interface OutletStatus {
  readonly name: string;
  /** Points accepted and rejected since the start. */
  readonly accepted: number;
  readonly rejected: number;
  /** The number of times that the sink kept a point for a later write; a point may be kept several times. */
  readonly kept: number;
  readonly backlog: Backlog;
  readonly inFlight: number;
  /** The error of the last write; undefined after a successful one. */
  readonly lastError: string | undefined;
}

export type RulingCounts = Pick<OutletStatus, 'accepted' | 'rejected' | 'kept'>;

export interface Outlet {
  /** Runs until the signal aborts. Writes in flight are then aborted, and their points stay in the spool. */
  run(signal: AbortSignal): Promise<void>;
  status(): OutletStatus;
  counts(): RulingCounts;
}

interface OutletState extends OutletOptions {
  readonly limit: InFlightLimit;
  readonly inFlight: Set<Promise<void>>;
  readonly linger: Linger;
  readonly outage: Outage;
  /** To be written again. */
  readonly failed: Attempt[];
  /** Writes in which the sink accepted or rejected something. */
  successes: number;
  readonly counts: { accepted: number; rejected: number; kept: number };
  /** Pauses since the last success. */
  pauses: number;
  /** By the steady clock. */
  pausedUntilMs: number;
  lastError: string | undefined;
  isLastNewest: boolean;
  /** The time of the timer for the retry set, by the steady clock; Infinity: no timer. */
  retryTimerAtMs: number;
}

/** With more lag, every second batch is the newest, so that live points do not queue behind a backlog. */
const maxLagMs = 2_000;

export function outlet(options: OutletOptions): Outlet {
  const state: OutletState = {
    ...options,
    limit: inFlightLimit(),
    inFlight: new Set(),
    linger: linger(options.clock, options.lingerMs ?? 0, options.reader.wakeup.notify),
    outage: outage({ ...options, sink: options.sink.name }),
    failed: [],
    successes: 0,
    counts: { accepted: 0, rejected: 0, kept: 0 },
    pauses: 0,
    pausedUntilMs: 0,
    lastError: undefined,
    isLastNewest: false,
    retryTimerAtMs: Infinity,
  };
  return {
    run: (signal) => run(state, signal),
    counts: () => ({ ...state.counts }),
    status: () => ({
      name: state.sink.name,
      ...state.counts,
      backlog: state.reader.backlog(),
      inFlight: state.inFlight.size,
      lastError: state.lastError,
    }),
  };
}

/** An append, the end of a write, the end of a pause and the signal wake it. */
async function run(state: OutletState, signal: AbortSignal): Promise<void> {
  const { wakeup } = state.reader;
  // Each write in flight listens on the signal.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', wakeup.notify, { once: true });
  while (!signal.aborted) {
    const attempt = nextAttempt(state);
    if (attempt !== undefined) {
      start(state, attempt, signal);
    } else {
      wakeForRetrySet(state, signal);
      await wakeup.wait();
    }
  }
  await Promise.all(state.inFlight);
}

function nextAttempt(state: OutletState): Attempt | undefined {
  const { reader, inFlight, clock, failed, limit } = state;
  if (clock.steady() < state.pausedUntilMs || inFlight.size >= limit.current()) return undefined;
  removeDropped(failed, reader);
  const next = takeNext(failed, state.successes);
  if (next !== undefined) return next;
  const work = reader.nextRetry() ?? nextBatch(state);
  return work === undefined ? failed.shift() : firstAttempt(work);
}

/** `spool drop` may drop a batch while it waits here. */
function removeDropped(failed: Attempt[], { isWanted }: SpoolReader): void {
  const wanted = failed.filter(({ work }) => isWanted(work));
  if (wanted.length < failed.length) failed.splice(0, failed.length, ...wanted);
}

/** A batch that is not full waits until nothing is in flight, so that few large requests replace many small ones. */
function nextBatch(state: OutletState): Batch | undefined {
  const { reader, sink, inFlight } = state;
  const maxPoints = sink.batchPoints();
  const untaken = reader.untakenPoints();
  if (untaken < maxPoints && (inFlight.size > 0 || (untaken > 0 && state.linger.isRunning()))) return undefined;
  state.isLastNewest = !state.isLastNewest && isLagging(state);
  const batch = reader.next(maxPoints, state.isLastNewest ? 'newest' : 'oldest');
  if (batch !== undefined) state.linger.start();
  return batch;
}

function isLagging({ reader, clock }: OutletState): boolean {
  const { oldestAtMs } = reader.backlog();
  return oldestAtMs !== undefined && clock.now() - oldestAtMs > maxLagMs;
}

function start(state: OutletState, attempt: Attempt, signal: AbortSignal): void {
  const writing = write(state, attempt, signal).finally(() => {
    state.inFlight.delete(writing);
    state.reader.wakeup.notify();
  });
  state.inFlight.add(writing);
}

type SinkError = Error & { readonly retryAfterMs?: number };

async function write(state: OutletState, attempt: Attempt, signal: AbortSignal): Promise<void> {
  const { sink, clock } = state;
  const { work } = attempt;
  const startedMs = clock.steady();
  let verdict: Verdict;
  try {
    verdict = await writeTo(sink, work, { signal });
  } catch (error) {
    if (signal.aborted) return;
    if (!isPoison(attempt, state.successes)) return pause(state, attempt, error as SinkError, startedMs, signal);
    verdict = allKept(work, (error as Error).message);
    count(state, work, verdict);
    return recordVerdict(state, work, verdict, signal);
  }
  state.limit.answered(clock.steady() - startedMs, state.inFlight.size);
  const { accepted, kept } = count(state, work, verdict);
  const pointCount = pointCountOf(work);
  const isNothingAccepted = pointCount > 0 && kept === pointCount;
  if (isNothingAccepted && !isExhausted(attempt)) {
    const { reason } = verdict.kept[0] as Ruling;
    return pause(state, attempt, { message: reason }, startedMs, signal);
  }
  // If only annotations were written and the sink kept all of them, that says nothing about points.
  if (accepted > 0 || verdict.kept.length < pointCount || pointCount === 0) succeeded(state);
  await recordVerdict(state, work, verdict, signal);
}

function count({ counts }: OutletState, work: Attempt['work'], verdict: Verdict): RulingCounts {
  const { accepted, rejected, kept } = countsOf(work, verdict);
  counts.accepted += accepted;
  counts.rejected += rejected;
  counts.kept += kept;
  return { accepted, rejected, kept };
}

function succeeded(state: OutletState): void {
  state.outage.ends();
  state.pauses = 0;
  state.successes += 1;
  state.lastError = undefined;
}

/** Pauses before the next attempt. Requests in flight together fail together, and cause one pause. */
function pause(
  state: OutletState,
  attempt: Attempt,
  { message, retryAfterMs = 0 }: Pick<SinkError, 'message' | 'retryAfterMs'>,
  startedMs: number,
  signal: AbortSignal,
): void {
  const { clock, random } = state;
  state.failed.push(failedAttempt(attempt, state.successes));
  state.lastError = message;
  if (startedMs < state.pausedUntilMs) return;
  state.pauses += 1;
  state.outage.fails(message);
  state.limit.failed();
  const pauseMs = outagePauseMs(state.pauses, retryAfterMs, random);
  state.pausedUntilMs = clock.steady() + pauseMs;
  clock.sleep(pauseMs, { signal }).then(state.reader.wakeup.notify, state.reader.wakeup.notify);
}

/** An entry that is due already needs no timer: it waits for the end of a write. */
function wakeForRetrySet(state: OutletState, signal: AbortSignal): void {
  const { reader, clock } = state;
  const dueAtMs = reader.nextDueAtMs() ?? Infinity;
  const pauseMs = dueAtMs - clock.steady();
  if (dueAtMs >= state.retryTimerAtMs || pauseMs <= 0) return;
  state.retryTimerAtMs = dueAtMs;
  const wake = (): void => {
    state.retryTimerAtMs = Infinity;
    reader.wakeup.notify();
  };
  clock.sleep(pauseMs, { signal }).then(wake, wake);
}
