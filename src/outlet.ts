// An outlet moves points from the spool to one sink: several batches in flight, each until every point is ruled on.
//
//   spool ──next──► batch ──write──► sink        accepted: done
//     ▲               ▲                │         rejected: dead letter
//     │               └── again ◄──────┤         kept: these points again, after a pause of their own
//     └────finish──────────────────────┘         nobody answered: the batch again, after a pause for all

import { setMaxListeners } from 'node:events';
import { backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import { inFlightLimit, type InFlightLimit } from './in-flight.ts';
import type { Log } from './log.ts';
import type { DataPoint } from './point.ts';
import type { Ruling, Sink } from './sink.ts';
import type { AddressedLetter } from './spool/dead-letters.ts';
import type { Backlog, Batch, SpoolReader } from './spool/reader.ts';

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
  /** Runs until the signal aborts; writes in flight are given up then, and their batches stay in the spool. */
  run(signal: AbortSignal): Promise<void>;
  status(): OutletStatus;
}

/** A batch on its way: which of its points are not ruled on yet, and its dead letters so far. */
interface Errand {
  readonly batch: Batch;
  readonly points: readonly DataPoint[];
  readonly letters: readonly AddressedLetter[];
  /** How often some of its points were kept. */
  readonly attempts: number;
  /** By the steady clock. */
  readonly notBeforeMs: number;
}

interface OutletState extends OutletOptions {
  readonly limit: InFlightLimit;
  readonly underway: Set<Promise<void>>;
  /** To be written again. */
  again: Errand[];
  readonly counts: { accepted: number; rejected: number; kept: number };
  /** Rounds without an answer since the last answer. */
  failures: number;
  /** By the steady clock. */
  pausedUntilMs: number;
  lastError: string | undefined;
}

/** Bound on batches that wait to be written again; at it, no new ones are taken out of the spool. */
const maxAgain = 128;

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
    if (errand === undefined) await bell.heard();
    else start(state, errand, signal);
  }
  await Promise.all(state.underway);
}

/**
 * What to write now. A batch that is not full goes only when nothing else is in flight, so that few large requests
 * carry what many small ones would.
 */
function nextErrand(state: OutletState): Errand | undefined {
  const { reader, sink, underway, clock } = state;
  const nowMs = clock.steady();
  if (nowMs < state.pausedUntilMs || underway.size >= state.limit.limit()) return undefined;
  const due = state.again.find((errand) => errand.notBeforeMs <= nowMs);
  if (due !== undefined) {
    state.again = state.again.filter((errand) => errand !== due);
    return due;
  }
  const maxPoints = sink.batchPoints();
  if (state.again.length >= maxAgain || (underway.size > 0 && reader.untakenPoints() < maxPoints)) return undefined;
  const batch = reader.next(maxPoints);
  return batch && { batch, points: batch.points, letters: batch.damaged, attempts: 0, notBeforeMs: 0 };
}

/** Wakes the outlet when a pause ends. */
function wakeAfter({ clock, reader }: OutletState, ms: number, signal: AbortSignal): void {
  clock.sleep(ms, { signal }).then(reader.bell.ring, reader.bell.ring);
}

function start(state: OutletState, errand: Errand, signal: AbortSignal): void {
  const writing = write(state, errand, signal).finally(() => {
    state.underway.delete(writing);
    state.reader.bell.ring();
  });
  state.underway.add(writing);
}

async function write(state: OutletState, errand: Errand, signal: AbortSignal): Promise<void> {
  const { sink, clock, counts } = state;
  const startedMs = clock.steady();
  try {
    const { rejected, kept } = await sink.write(errand.points, { signal });
    state.limit.answered(clock.steady() - startedMs, state.underway.size);
    counts.accepted += errand.points.length - rejected.length - kept.length;
    counts.rejected += rejected.length;
    counts.kept += kept.length;
    answered(state);
    const letters = [...errand.letters, ...rejected.map((ruling) => rejectedLetter(ruling, sink.name))];
    if (kept.length > 0) writeKeptAgain(state, { ...errand, letters }, kept, signal);
    else await state.reader.finish(errand.batch, letters);
  } catch (error) {
    if (!signal.aborted) nobodyAnswered(state, errand, error as SinkError, startedMs, signal);
  }
}

interface SinkError extends Error {
  readonly retryAfterMs?: number;
}

function answered(state: OutletState): void {
  if (state.failures > 0) state.log.info({ sink: state.sink.name }, 'the sink takes points again');
  state.failures = 0;
  state.lastError = undefined;
}

/** Requests that were under way together fail together: they count as one failure. */
function nobodyAnswered(state: OutletState, errand: Errand, error: SinkError, startedMs: number, signal: AbortSignal): void {
  const { sink, clock, random, log } = state;
  state.again.unshift(errand);
  state.lastError = error.message;
  if (startedMs < state.pausedUntilMs) return;
  state.failures += 1;
  if (state.failures === 1) log.warn({ sink: sink.name, reason: error.message }, 'the sink takes no points; they wait in the spool');
  state.limit.failed();
  const pauseMs = Math.max(error.retryAfterMs ?? 0, backoff(state.failures, random));
  state.pausedUntilMs = clock.steady() + pauseMs;
  wakeAfter(state, pauseMs, signal);
}

/** Where nothing at all was taken, the sink is asked for less. */
function writeKeptAgain(state: OutletState, errand: Errand, kept: readonly Ruling[], signal: AbortSignal): void {
  const attempts = errand.attempts + 1;
  state.lastError = kept[0]?.reason;
  if (kept.length === errand.points.length) state.limit.failed();
  const pauseMs = backoff(attempts, state.random, { baseMs: 500 });
  const notBeforeMs = state.clock.steady() + pauseMs;
  state.again.push({ ...errand, attempts, notBeforeMs, points: kept.map(({ point }) => point) });
  wakeAfter(state, pauseMs, signal);
}

function rejectedLetter({ point, reason }: Ruling, sink: string): AddressedLetter {
  return { kind: 'rejected', reason, raw: JSON.stringify(point), sink };
}
