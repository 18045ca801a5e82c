// One poll: lists the containers, samples those that run, and delivers the points of each.

import pLimit, { type LimitFunction } from 'p-limit';
import type { Deliver } from '../../model/point.ts';
import type { Clock } from '../../runtime/clock.ts';
import { logThrottle } from '../../runtime/log-throttle.ts';
import type { Log } from '../../runtime/log.ts';
import type { Engine, ListedContainer } from './engine/engine.ts';
import { isNewTime, maxWaitMs } from './point-times.ts';
import { type Candidate, type SampleOutcome, type SamplingOptions, takeSample } from './sampling.ts';
import { newRound, type PollerCounts, type Round, skip } from './round.ts';
import type { PollSummary } from './status.ts';

export interface PollerOptions extends SamplingOptions {
  readonly engine: Pick<Engine, 'containers' | 'details' | 'stats'>;
  readonly isSelected: (container: ListedContainer) => boolean;
  readonly nameOf: (name: string) => Pick<Candidate, 'name' | 'category'>;
  readonly pollMs: number;
  readonly concurrency: number;
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Poller {
  /**
   * Resolves when every container is sampled, or when the next poll is due and all requests are under way; those go on,
   * and the next poll leaves out their containers.
   *
   * @throws EngineError if the engine does not list its containers
   */
  poll(signal: AbortSignal): Promise<PollSummary>;
  counts(): Readonly<PollerCounts>;
  /** A container of the last listing. */
  listed(id: string): ListedContainer | undefined;
  /** Whether the last poll left out the container, because another one has its name. */
  isLeftOut(id: string): boolean;
}

/** Requests that start together, and the time from one group to the next. */
const groupSize = 10;
const groupPauseMs = 50;
/** All of them start in this share of the interval. */
const maxStartShare = 0.25;

interface State extends PollerOptions {
  readonly limit: LimitFunction;
  readonly counts: PollerCounts;
  readonly warn: (reason: string, container: string) => void;
  /** Polls with unfinished requests. */
  readonly rounds: Set<Round>;
  /** Ids of the containers with the name of another one. */
  leftOut: Set<string>;
  lastHostAt: number;
  listed: ReadonlyMap<string, ListedContainer>;
}

export function poller(options: PollerOptions): Poller {
  const { clock, log } = options;
  const throttle = logThrottle(clock);
  const state: State = {
    ...options,
    limit: pLimit(options.concurrency),
    counts: { samples: 0, excluded: 0, containers: {}, skipped: {} },
    warn: (reason, container) =>
      throttle((times) => log.warn({ container, reason, times }, 'a container was not sampled, or not in full')),
    rounds: new Set(),
    leftOut: new Set(),
    lastHostAt: 0,
    listed: new Map(),
  };
  return {
    poll: (signal) => poll(state, signal),
    counts: () => state.counts,
    listed: (id) => state.listed.get(id),
    isLeftOut: (id) => state.leftOut.has(id),
  };
}

async function poll(state: State, signal: AbortSignal): Promise<PollSummary> {
  const { clock, engine, counts } = state;
  const startedMs = clock.steady();
  const nowMs = clock.now();
  const listed = await engine.containers(signal);
  const selected = listed.filter(state.isSelected);
  counts.excluded = listed.length - selected.length;
  counts.containers = countsBy(
    Object.keys(counts.containers),
    selected.map((container) => container.state),
  );
  state.listed = new Map(listed.map((container) => [container.id, container]));
  forgetUnlisted(state);
  const round = newRound(state, nowMs, signal);
  const running = selected.filter(({ isRunning }) => isRunning);
  let durationMs = 0;
  try {
    await sampleAll(state, round, candidatesOf(state, round, running), startedMs);
    durationMs = clock.steady() - startedMs;
  } finally {
    await round.gathering.finish();
  }
  await deliverHost(state, round, running.length, durationMs);
  const { samples, points, skipped } = round;
  return { atMs: nowMs, durationMs: Math.round(durationMs), samples, points, skipped: { ...skipped } };
}

function forgetUnlisted({ states, counters, listed }: State): void {
  const ids = new Set(listed.keys());
  states.keepOnly(ids);
  counters.keepOnly(ids);
}

/** Leaves out a container with the same name after the rules as another one: their points would replace each other. */
function candidatesOf(state: State, round: Round, running: readonly ListedContainer[]): Candidate[] {
  const owners = new Map<string, string>();
  state.leftOut = new Set();
  const candidates = running.flatMap((container) => {
    const { name, category } = state.nameOf(container.name);
    const series = state.names().seriesKey({ ...container, name }, category);
    const owner = owners.get(series);
    if (owner !== undefined) {
      state.leftOut.add(container.id);
      skip(state, round, 'same-name');
      state.warn(`by the rules its name is ${name}, which is that of ${owner} too`, container.name);
      return [];
    }
    owners.set(series, container.name);
    if (!state.states.of(container.id).isInFlight) return [{ container, name, category, series }];
    skip(state, round, 'slow');
    return [];
  });
  state.states.keepSeries(new Set(owners.keys()), state.timestampOf(round.nowMs - maxWaitMs));
  return candidates;
}

async function sampleAll(
  state: State,
  round: Round,
  candidates: readonly Candidate[],
  startedMs: number,
): Promise<void> {
  if (candidates.length > 0) state.rounds.add(round);
  round.unfinished = candidates.length;
  const all = candidates.map((candidate, index) => () => state.limit(() => sample(state, round, candidate, index)));
  const over = new AbortController();
  try {
    await Promise.race([startAll(state, round, all), untilNextPoll(state, round, startedMs, over.signal)]);
  } finally {
    over.abort();
  }
  // Since the start they count with the next poll, which leaves them out.
  if (round.unfinished > 0) round.skipped['slow'] = (round.skipped['slow'] ?? 0) + round.unfinished;
}

/** Starts requests in groups, and resolves when all are over. Their answers would come all at once otherwise. */
async function startAll(state: State, round: Round, all: readonly (() => Promise<void>)[]): Promise<void> {
  const { clock, pollMs } = state;
  const groups = Math.ceil(all.length / groupSize);
  const pauseMs = Math.min(groupPauseMs, (pollMs * maxStartShare) / groups);
  const running: Promise<void>[] = [];
  round.isStarting = true;
  for (let group = 0; group < groups && !round.signal.aborted; group += 1) {
    if (group > 0) await clock.sleep(pauseMs, { signal: round.signal }).catch(() => {});
    for (const start of all.slice(group * groupSize, (group + 1) * groupSize)) {
      const sampling = start();
      // It may fail before the last group is started.
      sampling.catch(() => {});
      running.push(sampling);
    }
  }
  round.isStarting = false;
  await Promise.all(running);
  round.signal.throwIfAborted();
}

/** Resolves when the next poll is due and no request waits for its turn. */
async function untilNextPoll(
  { clock, limit, pollMs }: State,
  round: Round,
  startedMs: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let dueMs = startedMs + pollMs; ; dueMs += pollMs) {
      await clock.sleep(Math.max(0, dueMs - clock.steady()), { signal });
      if (!round.isStarting && limit.pendingCount === 0) return;
    }
  } catch {
    // All requests were over before.
  }
}

async function sample(state: State, round: Round, candidate: Candidate, index: number): Promise<void> {
  const { container, category } = candidate;
  const memory = state.states.of(container.id);
  memory.isInFlight = true;
  let outcome: SampleOutcome;
  try {
    round.signal.throwIfAborted();
    outcome = await takeSample(state, candidate, round.nowMs, round.signal);
  } finally {
    memory.isInFlight = false;
    round.unfinished -= 1;
    if (round.unfinished === 0) state.rounds.delete(round);
  }
  if (outcome.error !== undefined) state.warn(outcome.error.message, container.name);
  if ('skip' in outcome) {
    if (outcome.skip !== 'stopped') skip(state, round, outcome.skip);
    return;
  }
  if (category !== undefined) round.byCategory.set(category, (round.byCategory.get(category) ?? 0) + 1);
  round.gathering.add({ index, points: outcome.points, container: container.name });
}

async function deliverHost(state: State, round: Round, total: number, durationMs: number): Promise<void> {
  const timestamp = state.timestampOf(round.nowMs);
  if (!isNewTime(timestamp, state.lastHostAt, state.timestampOf(maxWaitMs))) return;
  state.lastHostAt = timestamp;
  const figures = {
    total,
    byState: Object.entries(state.counts.containers),
    byCategory: round.byCategory,
    pollDurationNs: Math.round(durationMs * 1e6),
    threads: new Set([...state.rounds, round]).size,
  };
  const points = state.names().hostPoints(figures, round.nowMs);
  try {
    await state.deliver(points);
    round.points += points.length;
  } catch (error) {
    state.warn(`not stored: ${(error as Error).message}`, 'figures of the host');
  }
}

/** A state that was there before counts 0 now: without a point its series would keep the last count. */
function countsBy(before: readonly string[], keys: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(before.map((key) => [key, 0]));
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}
