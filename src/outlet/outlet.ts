// An outlet moves points from the spool to one sink: several batches in flight, each until every point is ruled on.
//
//   spool ──next──► errand ──write──► sink       accepted: done
//     ▲  ▲            ▲                │         rejected: dead letter
//     │  └─retry set──┤◄───────────────┤         kept: into the retry set, with a pause of its own; after a day a dead letter
//     └───finish──────┼────────────────┤
//                     └──── again ◄────┘         nobody answered, or nothing was taken: again after a pause for all; where only
//                                                this batch has no answer, as if it had been kept

import { setMaxListeners } from 'node:events';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import {
  type Attempt,
  firstTry,
  isItsOwnFault,
  maxTries,
  pointCountOf,
  takeDue,
  talliedErrand,
  triedOnceMore,
  written,
} from './attempt.ts';
import { inFlightLimit, type InFlightLimit } from './in-flight-limit.ts';
import { type Linger, linger } from './linger.ts';
import type { Log } from '../runtime/log.ts';
import { type Outage, outage } from './outage.ts';
import { settle } from './settlement.ts';
import type { Ruling, Sink, ValueTally, Verdict } from '../model/sink.ts';
import type { Backlog } from '../spool/readers/backlog.ts';
import type { Batch } from '../spool/readers/batches.ts';
import type { SpoolReader } from '../spool/readers/reader.ts';

export interface OutletOptions {
  readonly reader: SpoolReader;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Bound on the requests in flight at once. */
  readonly maxInFlight?: number;
  /** A batch that is not full goes so long after the one before it at the earliest; default 0. */
  readonly lingerMs?: number;
}

export interface OutletStatus {
  readonly name: string;
  /** Points ruled on since the start. */
  readonly accepted: number;
  readonly rejected: number;
  /** Rulings that a point could not be taken now; one point may have several. */
  readonly kept: number;
  readonly backlog: Backlog;
  readonly inFlight: number;
  /** Why the last write failed, while none has succeeded since. */
  readonly lastError: string | undefined;
}

export type RulingCounts = Pick<OutletStatus, 'accepted' | 'rejected' | 'kept'>;

export interface Outlet {
  /** Runs until the signal aborts; writes in flight are given up then, and their points stay in the spool. */
  run(signal: AbortSignal): Promise<void>;
  status(): OutletStatus;
  counts(): RulingCounts;
}

interface OutletState extends OutletOptions {
  readonly limit: InFlightLimit;
  readonly underway: Set<Promise<void>>;
  readonly linger: Linger;
  readonly outage: Outage;
  /** To be written again. */
  readonly again: Attempt[];
  /** Writes that were answered, and in which something was taken. */
  answers: number;
  readonly counts: { accepted: number; rejected: number; kept: number };
  /** Rounds without an answer, or in which nothing was taken, since one in which something was. */
  failures: number;
  /** By the steady clock. */
  pausedUntilMs: number;
  lastError: string | undefined;
  /** Whether the last batch was taken from the newest end. */
  wasNewest: boolean;
  /** When it will be woken for the retry set, by the steady clock; Infinity: not yet. */
  retryWakeAtMs: number;
}

/** With more lag, every second batch is taken from the newest end, so that live points do not queue behind a backlog. */
const maxLagMs = 2_000;
/** A sink is found so long after its return at most, unless it has asked for a longer pause; the batch that failed goes then, and what is fresh behind it. */
const maxPauseMs = 2_500;

/** The outlet of a sink. */
export function outlet(options: OutletOptions): Outlet {
  const state: OutletState = {
    ...options,
    limit: inFlightLimit(options.maxInFlight === undefined ? {} : { max: options.maxInFlight }),
    underway: new Set(),
    linger: linger(options.clock, options.lingerMs ?? 0, options.reader.bell.notify),
    outage: outage({ ...options, sink: options.sink.name }),
    again: [],
    answers: 0,
    counts: { accepted: 0, rejected: 0, kept: 0 },
    failures: 0,
    pausedUntilMs: 0,
    lastError: undefined,
    wasNewest: false,
    retryWakeAtMs: Infinity,
  };
  return {
    run: (signal) => run(state, signal),
    counts: () => ({ ...state.counts }),
    status: () => ({
      name: state.sink.name,
      ...state.counts,
      backlog: state.reader.backlog(),
      inFlight: state.underway.size,
      lastError: state.lastError,
    }),
  };
}

/** Woken by an append, by the end of a write, by the end of a pause, and by the signal, on which each write in flight listens. */
async function run(state: OutletState, signal: AbortSignal): Promise<void> {
  const { bell } = state.reader;
  setMaxListeners(0, signal);
  signal.addEventListener('abort', bell.notify, { once: true });
  while (!signal.aborted) {
    const errand = nextErrand(state);
    if (errand !== undefined) {
      start(state, errand, signal);
    } else {
      wakeForRetry(state, signal);
      await bell.wait();
    }
  }
  await Promise.all(state.underway);
}

function nextErrand(state: OutletState): Attempt | undefined {
  const { reader, underway, clock, again, limit } = state;
  if (clock.steady() < state.pausedUntilMs || underway.size >= limit.limit()) return undefined;
  const due = takeDue(stillWanted(again, reader), state.answers);
  if (due !== undefined) return due;
  const from = reader.nextRetry() ?? nextBatch(state);
  return from === undefined ? again.shift() : firstTry(from);
}

/** What was dropped meanwhile is not written again. */
function stillWanted(again: Attempt[], { isWanted }: SpoolReader): Attempt[] {
  const wanted = again.filter(({ from }) => isWanted(from));
  if (wanted.length < again.length) again.splice(0, again.length, ...wanted);
  return again;
}

/**
 * A batch that is not full goes only when nothing else is in flight, so that few large requests carry what many small
 * ones would.
 */
function nextBatch(state: OutletState): Batch | undefined {
  const { reader, sink, underway } = state;
  const maxPoints = sink.batchPoints();
  if (reader.untakenPoints() < maxPoints && (underway.size > 0 || (reader.untakenPoints() > 0 && state.linger.holds())))
    return undefined;
  state.wasNewest = !state.wasNewest && isLagging(state);
  const batch = reader.next(maxPoints, state.wasNewest ? 'newest' : 'oldest');
  if (batch !== undefined) state.linger.started();
  return batch;
}

function isLagging({ reader, clock }: OutletState): boolean {
  const { oldestAtMs } = reader.backlog();
  return oldestAtMs !== undefined && clock.now() - oldestAtMs > maxLagMs;
}

function start(state: OutletState, errand: Attempt, signal: AbortSignal): void {
  const writing = write(state, errand, signal).finally(() => {
    state.underway.delete(writing);
    state.reader.bell.notify();
  });
  state.underway.add(writing);
}

type SinkError = Error & { readonly retryAfterMs?: number };

async function write(state: OutletState, errand: Attempt, signal: AbortSignal): Promise<void> {
  const { sink, clock } = state;
  const { from } = errand;
  const startedMs = clock.steady();
  let verdict: Verdict;
  try {
    verdict = await written(sink, from, { signal });
  } catch (error) {
    return signal.aborted ? undefined : unanswered(state, errand, error as SinkError, startedMs, signal);
  }
  state.limit.answered(clock.steady() - startedMs, state.underway.size);
  const tally = talliedErrand(from, verdict);
  count(state, tally);
  const pointCount = pointCountOf(from);
  const isNothingTaken = pointCount > 0 && tally.kept === pointCount;
  if (isNothingTaken && errand.tries < maxTries) {
    return again(state, errand, { message: (verdict.kept[0] as Ruling).reason }, startedMs, signal);
  }
  // A batch of nothing but annotations that are kept says nothing of the points.
  if (tally.accepted > 0 || verdict.kept.length < pointCount || pointCount === 0) goesOn(state);
  await settle(state, from, verdict, signal);
}

/** A batch that the sink does not answer while it answers others goes the way of points that were kept. */
async function unanswered(
  state: OutletState,
  errand: Attempt,
  error: SinkError,
  startedMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (!isItsOwnFault(errand, state.answers)) return again(state, errand, error, startedMs, signal);
  const verdict = { rejected: [], kept: errand.from.points.map((point) => ({ point, reason: error.message })) };
  count(state, talliedErrand(errand.from, verdict));
  await settle(state, errand.from, verdict, signal);
}

function count({ counts }: OutletState, { accepted, rejected, kept }: ValueTally): void {
  counts.accepted += accepted;
  counts.rejected += rejected;
  counts.kept += kept;
}

function goesOn(state: OutletState): void {
  state.outage.ends();
  state.failures = 0;
  state.answers += 1;
  state.lastError = undefined;
}

/** Requests that were under way together fail together: they count as one failure. */
function again(
  state: OutletState,
  errand: Attempt,
  { message, retryAfterMs = 0 }: Pick<SinkError, 'message' | 'retryAfterMs'>,
  startedMs: number,
  signal: AbortSignal,
): void {
  const { clock, random } = state;
  state.again.push(triedOnceMore(errand, state.answers));
  state.lastError = message;
  if (startedMs < state.pausedUntilMs) return;
  state.failures += 1;
  state.outage.fails(message);
  state.limit.failed();
  const pauseMs = Math.max(retryAfterMs, backoff(state.failures, random, { capMs: maxPauseMs }));
  state.pausedUntilMs = clock.steady() + pauseMs;
  clock.sleep(pauseMs, { signal }).then(state.reader.bell.notify, state.reader.bell.notify);
}

/** What is due already waits for a place in flight, and the end of a write wakes for that. */
function wakeForRetry(state: OutletState, signal: AbortSignal): void {
  const { reader, clock } = state;
  const dueAtMs = reader.nextDueAtMs() ?? Infinity;
  const pauseMs = dueAtMs - clock.steady();
  if (dueAtMs >= state.retryWakeAtMs || pauseMs <= 0) return;
  state.retryWakeAtMs = dueAtMs;
  const wake = (): void => {
    state.retryWakeAtMs = Infinity;
    reader.bell.notify();
  };
  clock.sleep(pauseMs, { signal }).then(wake, wake);
}
