// Takes the sample of one container: its details if they may have changed, its statistics, and the points of both.

import type { Clock } from '../../runtime/clock.ts';
import type { DataPoint } from '../../model/point.ts';
import type { ContainerStates } from './container-states.ts';
import { type Engine, EngineError, type ListedContainer } from './engine/engine.ts';
import type { EventCounters } from './event-counters.ts';
import type { Figure, SkipReason } from './figures/figure.ts';
import { readSample, uptime } from './figures/sample.ts';
import type { Names } from './naming/names.ts';
import { isNewTime, maxWaitMs } from './point-times.ts';

export interface SamplingOptions {
  readonly engine: Pick<Engine, 'details' | 'stats'>;
  readonly states: ContainerStates;
  readonly counters: EventCounters;
  readonly names: () => Names;
  /** The time of a point, in the unit of the points. */
  readonly timestampOf: (atMs: number) => number;
  readonly clock: Pick<Clock, 'now'>;
}

/** A container of one poll, with its name and category after the rules. */
export interface Candidate {
  readonly container: ListedContainer;
  readonly name: string;
  readonly category: string | undefined;
  /** See seriesKey of Names. */
  readonly series: string;
}

/** The error is for the log. With points, it is of the details alone, and the uptime is missing. */
export type SampleOutcome = { readonly error?: Error | undefined } & (
  | { readonly points: readonly DataPoint[] }
  | { readonly skip: SkipReason }
);

/** @param nowMs - the time of the poll, which is that of uptimes, as in docker-stats-to-backstop */
export async function takeSample(
  options: SamplingOptions,
  candidate: Candidate,
  nowMs: number,
  signal: AbortSignal,
): Promise<SampleOutcome> {
  const { engine, states, timestampOf } = options;
  const { id } = candidate.container;
  const state = states.of(id);
  const times = states.timesOf(candidate.series);
  try {
    const { startedAtMs, error } = await readDetails(options, id, signal);
    const stats = await engine.stats(id, signal);
    if (stats === undefined) return { skip: 'gone' };
    const sample = readSample(stats, state.cpuStartedAtMs === startedAtMs ? state.cpu : undefined);
    if ('skip' in sample) return sample;
    states.cgroupVersion = sample.cgroupVersion ?? states.cgroupVersion;
    const timestamp = timestampOf(sample.atMs);
    // Two values of one series at one time would replace each other.
    if (!isNewTime(timestamp, times.lastSampleAt, timestampOf(maxWaitMs))) return { skip: 'same-sample' };
    state.cpu = sample.cpu;
    state.cpuStartedAtMs = startedAtMs;
    times.lastSampleAt = timestamp;
    return { points: pointsOf(options, candidate, { ...sample, startedAtMs }, nowMs), error };
  } catch (error) {
    if (signal.aborted) throw error;
    const isTimeout = error instanceof EngineError && error.isTimeout;
    return { skip: isTimeout ? 'timeout' : 'engine-error', error: error as Error };
  }
}

/** Returns the engine's error: a proxy may refuse details and allow statistics. */
async function readDetails(
  { engine, states }: SamplingOptions,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly startedAtMs: number | undefined; readonly error?: Error }> {
  const state = states.of(id);
  const { changes } = state;
  try {
    const details = state.details ?? (await engine.details(id, signal));
    if (state.changes === changes) state.details = details;
    return { startedAtMs: details?.startedAtMs };
  } catch (error) {
    if (!(error instanceof EngineError) || error.status === undefined) throw error;
    return { startedAtMs: undefined, error };
  }
}

/** The original's figures, the uptime behind them as in its posts, then the others. */
function pointsOf(
  { states, counters, names, timestampOf }: SamplingOptions,
  { container, name, category, series }: Candidate,
  {
    atMs,
    figures,
    startedAtMs,
  }: { readonly atMs: number; readonly figures: readonly Figure[]; readonly startedAtMs: number | undefined },
  nowMs: number,
): DataPoint[] {
  const times = states.timesOf(series);
  const pointsAt = (figures: readonly Figure[], atMs: number): DataPoint[] =>
    names().containerPoints({ ...container, name }, category, figures, atMs);
  const up = uptime(startedAtMs, nowMs);
  const isNewUptime = isNewTime(timestampOf(nowMs), times.lastUptimeAt, timestampOf(maxWaitMs));
  if (up !== undefined && isNewUptime) times.lastUptimeAt = timestampOf(nowMs);
  return [
    ...pointsAt(
      figures.filter(({ isOriginal }) => isOriginal),
      atMs,
    ),
    ...pointsAt(up !== undefined && isNewUptime ? [up] : [], nowMs),
    ...pointsAt(
      figures.filter(({ isOriginal }) => !isOriginal),
      atMs,
    ),
    ...pointsAt(
      counters.current(container.id, nowMs).map(({ figure, value }) => ({
        name: figure,
        value: String(value),
        isOriginal: false,
      })),
      nowMs,
    ),
  ];
}
