// An outlet moves points from the spool to one sink: several batches in flight, each until every point is ruled on.
//
//   spool ──next──► errand ──write──► sink       accepted: done
//     ▲  ▲            ▲                │         rejected: dead letter
//     │  └─retry set──┤◄───────────────┤         kept: into the retry set, with a pause of its own; after a day a dead letter
//     └───finish──────┼────────────────┤
//                     └──── again ◄────┘         nobody answered, or nothing was taken: the same again, after a pause for all

import { setMaxListeners } from 'node:events';
import { backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { inFlightLimit, type InFlightLimit } from './in-flight.ts';
import type { Log } from './log.ts';
import type { DataPoint } from './point.ts';
import type { Ruling, Sink, Verdict } from './sink.ts';
import type { AddressedLetter } from './spool/dead-letters.ts';
import type { Backlog, Batch, Outcome, SpoolReader } from './spool/reader.ts';
import type { Retry } from './spool/retries.ts';

export interface OutletOptions {
  readonly reader: SpoolReader;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Bound on the requests in flight at once. */
  readonly maxInFlight?: number;
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

export interface Outlet {
  /** Runs until the signal aborts; writes in flight are given up then, and their points stay in the spool. */
  run(signal: AbortSignal): Promise<void>;
  status(): OutletStatus;
}

/** Points on their way, and where in the spool they stand. */
interface Errand {
  readonly from: Batch | Retry;
  /** How often nothing of it was taken, in a row. */
  readonly refusals: number;
}

interface OutletState extends OutletOptions {
  readonly limit: InFlightLimit;
  readonly underway: Set<Promise<void>>;
  /** To be written again before anything else is. */
  readonly again: Errand[];
  readonly counts: { accepted: number; rejected: number; kept: number };
  /** Rounds without an answer, or in which nothing was taken, since one in which something was. */
  failures: number;
  /** By the steady clock. */
  pausedUntilMs: number;
  lastError: string | undefined;
  /** Whether the last batch was taken from the newest end. */
  wasNewest: boolean;
  /** When it will be woken for the retry set, ms since 1970 UTC. */
  retryWakeAtMs: number;
}

/** A sink that takes nothing of a batch so often gets it from the retry set: it may be the batch and not the sink. */
const maxRefusals = 5;
/** Kept for longer, a point becomes a dead letter. */
const maxKeptMs = 86_400_000;
/** The pauses of the retry set grow up to this. */
const maxRetryPauseMs = 600_000;
/** With more lag, every second batch is taken from the newest end, so that live points do not queue behind a backlog. */
const maxLagMs = 60_000;

/** The outlet of a sink. */
export function outlet(options: OutletOptions): Outlet {
  const state: OutletState = {
    ...options,
    limit: inFlightLimit(options.maxInFlight === undefined ? {} : { max: options.maxInFlight }),
    underway: new Set(),
    again: [],
    counts: { accepted: 0, rejected: 0, kept: 0 },
    failures: 0,
    pausedUntilMs: 0,
    lastError: undefined,
    wasNewest: false,
    retryWakeAtMs: 0,
  };
  return {
    run: (signal) => run(state, signal),
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
  signal.addEventListener('abort', bell.ring, { once: true });
  while (!signal.aborted) {
    const errand = nextErrand(state);
    if (errand !== undefined) {
      start(state, errand, signal);
    } else {
      wakeForRetry(state, signal);
      await bell.heard();
    }
  }
  await Promise.all(state.underway);
}

function nextErrand(state: OutletState): Errand | undefined {
  const { reader, underway, clock, again, limit } = state;
  if (clock.steady() < state.pausedUntilMs || underway.size >= limit.limit()) return undefined;
  const due = again.shift();
  if (due !== undefined) return due;
  const from = reader.nextRetry() ?? nextBatch(state);
  return from && { from, refusals: 0 };
}

/**
 * A batch that is not full goes only when nothing else is in flight, so that few large requests carry what many small
 * ones would.
 */
function nextBatch(state: OutletState): Batch | undefined {
  const { reader, sink, underway } = state;
  const maxPoints = sink.batchPoints();
  if (underway.size > 0 && reader.untakenPoints() < maxPoints) return undefined;
  state.wasNewest = !state.wasNewest && isLagging(state);
  return reader.next(maxPoints, state.wasNewest ? 'newest' : 'oldest');
}

function isLagging({ reader, clock }: OutletState): boolean {
  const { oldestAtMs } = reader.backlog();
  return oldestAtMs !== undefined && clock.now() - oldestAtMs > maxLagMs;
}

function start(state: OutletState, errand: Errand, signal: AbortSignal): void {
  const writing = write(state, errand, signal).finally(() => {
    state.underway.delete(writing);
    state.reader.bell.ring();
  });
  state.underway.add(writing);
}

interface SinkError extends Error {
  readonly retryAfterMs?: number;
}

async function write(state: OutletState, errand: Errand, signal: AbortSignal): Promise<void> {
  const { sink, clock } = state;
  const { points } = errand.from;
  const startedMs = clock.steady();
  try {
    const verdict = await sink.write(points, { signal });
    state.limit.answered(clock.steady() - startedMs, state.underway.size);
    count(state, points, verdict);
    const isNothingTaken = points.length > 0 && verdict.kept.length === points.length;
    if (isNothingTaken && errand.refusals < maxRefusals) {
      await again(state, { ...errand, refusals: errand.refusals + 1 }, { message: (verdict.kept[0] as Ruling).reason }, startedMs, signal);
    } else {
      if (!isNothingTaken) goesOn(state);
      await settle(state, errand.from, verdict);
    }
  } catch (error) {
    if (!signal.aborted) await again(state, errand, error as SinkError, startedMs, signal);
  }
}

function count({ counts }: OutletState, points: readonly DataPoint[], { rejected, kept }: Verdict): void {
  counts.accepted += points.length - rejected.length - kept.length;
  counts.rejected += rejected.length;
  counts.kept += kept.length;
}

function goesOn(state: OutletState): void {
  if (state.failures > 0) state.log.info({ sink: state.sink.name }, 'the sink takes points again');
  state.failures = 0;
  state.lastError = undefined;
}

/** Requests that were under way together fail together: they count as one failure. */
async function again(
  state: OutletState,
  errand: Errand,
  { message, retryAfterMs = 0 }: Pick<SinkError, 'message' | 'retryAfterMs'>,
  startedMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { sink, clock, random, log } = state;
  state.again.unshift(errand);
  state.lastError = message;
  if (startedMs < state.pausedUntilMs) return;
  state.failures += 1;
  if (state.failures === 1) log.warn({ sink: sink.name, reason: message }, 'the sink takes no points; they wait in the spool');
  state.limit.failed();
  const pauseMs = Math.max(retryAfterMs, backoff(state.failures, random));
  state.pausedUntilMs = clock.steady() + pauseMs;
  wakeAfter(state, pauseMs, signal);
}

/** Writes down what became of the points that were not accepted. */
async function settle({ reader, sink, clock, random }: OutletState, from: Batch | Retry, { rejected, kept }: Verdict): Promise<void> {
  const isRetry = 'attempts' in from;
  const attempts = isRetry ? from.attempts + 1 : 1;
  const isOverdue = isRetry && clock.now() - from.firstKeptAtMs > maxKeptMs;
  const outcome: Outcome = {
    letters: [
      ...(isRetry ? [] : from.damaged),
      ...rejected.map((ruling) => letter('rejected', ruling, sink.name)),
      ...(isOverdue ? kept.map((ruling) => letter('kept-too-long', ruling, sink.name)) : []),
    ],
    kept: isOverdue ? [] : kept.map(({ point }) => point),
    notBeforeMs: clock.now() + backoff(attempts, random, { baseMs: 500, capMs: maxRetryPauseMs }),
  };
  await (isRetry ? reader.finishRetry(from, outcome) : reader.finish(from, outcome));
}

function letter(kind: string, { point, reason }: Ruling, sink: string): AddressedLetter {
  return { kind, reason, raw: JSON.stringify(point), sink };
}

/** Wakes the outlet when a pause ends. */
function wakeAfter({ clock, reader }: OutletState, ms: number, signal: AbortSignal): void {
  clock.sleep(ms, { signal }).then(reader.bell.ring, reader.bell.ring);
}

/** What is due already waits for a place in flight, and the end of a write wakes for that. */
function wakeForRetry(state: OutletState, signal: AbortSignal): void {
  const dueAtMs = state.reader.nextDueAtMs();
  const nowMs = state.clock.now();
  const isPlanned = state.retryWakeAtMs > nowMs && state.retryWakeAtMs <= (dueAtMs ?? Infinity);
  if (dueAtMs === undefined || dueAtMs <= nowMs || isPlanned) return;
  state.retryWakeAtMs = dueAtMs;
  wakeAfter(state, dueAtMs - nowMs, signal);
}
