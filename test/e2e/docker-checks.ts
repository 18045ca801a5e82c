// Compares the stored figures of a container with what the engine said before and after them.

import type { ExecutionContext } from 'ava';
import { naming as graphiteNaming } from '../../src/sinks/graphite/naming.ts';
import type { CarbonCache } from './carbon-cache.ts';
import type { EngineStats } from './docker-engine.ts';
import {
  between,
  countersOf,
  cpuPercentBetween,
  type Figures,
  memoryOf,
  type Naming,
  readAtMs,
  type Reading,
} from './docker-readings.ts';

/** What both say of one container. */
export interface Compared {
  readonly before: EngineStats;
  readonly after: EngineStats;
  readonly startedAtMs: number;
  readonly figures: Figures;
}

/** The values of each figure between the first and the last answer of the engine. */
export const minSamples = 3;

/** Every figure of a container that has a network and no CPU limit, and those of the others. */
export function assertNames(t: ExecutionContext, name: string, { after, figures }: Compared): void {
  const always = ['memory.limit', 'memory.percent', 'cpu.percent', 'cpu.online', 'pids', 'uptime'];
  const ofEvents = ['restarts', 'oom_kills', 'exits'];
  const expected = [...countersOf(after).keys(), ...memoryOf(after).keys(), ...always, ...ofEvents];
  t.deepEqual([...figures.keys()].toSorted(), expected.toSorted(), name);
}

/** A counter never falls, and lies between what the engine said before and after. */
export function assertCounters(t: ExecutionContext, name: string, { before, after, figures }: Compared): void {
  const [first, last] = [countersOf(before), countersOf(after)];
  for (const [figure, high] of last) {
    const low = first.get(figure) as number;
    const values = between(figures.get(figure), readAtMs(before), readAtMs(after)).map(({ value }) => value);
    t.true(values.length >= minSamples, `${name} ${figure}: ${values.length} values`);
    t.deepEqual(
      values.filter((value) => value < low || value > high),
      [],
      `${name} ${figure}: from ${low} to ${high}`,
    );
    t.deepEqual(
      values,
      values.toSorted((one, other) => one - other),
      `${name} ${figure}: never falls`,
    );
  }
  for (const figure of ['restarts', 'oom_kills', 'exits'])
    t.deepEqual([...new Set(figures.get(figure)?.map(({ value }) => value))], [0], `${name} ${figure}`);
}

/** The kernel charges memory by batches of 64 pages for each CPU (MEMCG_CHARGE_BATCH), so usage moves so far by itself. */
export const chargedAhead = ({ cpu_stats: { online_cpus: cpus } }: EngineStats): number => 64 * 4096 * cpus;

export function assertMemory(t: ExecutionContext, name: string, { before, after, figures }: Compared): void {
  const slack = chargedAhead(after);
  const [first, last] = [memoryOf(before), memoryOf(after)];
  for (const [figure, one] of first) {
    const other = last.get(figure) as number;
    const [low, high] = [Math.min(one, other) - slack, Math.max(one, other) + slack];
    const values = between(figures.get(figure), readAtMs(before), readAtMs(after)).map(({ value }) => value);
    t.deepEqual(
      values.filter((value) => value < low || value > high),
      [],
      `${name} ${figure}: from ${low} to ${high}`,
    );
  }
  const limit = after.memory_stats.limit;
  for (const { value } of figures.get('memory.limit') ?? []) t.is(value, limit, `${name} memory.limit`);
  for (const { atMs, value } of figures.get('memory.percent') ?? [])
    assertNear(t, value, ((at(figures, 'memory.used', atMs) ?? NaN) / limit) * 100, 1e-4, `${name} memory.percent`);
}

/** Per cents are rounded to four decimal places. */
export function assertCpu(t: ExecutionContext, name: string, { before, after, startedAtMs, figures }: Compared): void {
  const cpus = after.cpu_stats.online_cpus;
  for (const { value } of figures.get('cpu.online') ?? []) t.is(value, cpus, `${name} cpu.online`);
  const totals = figures.get('cpu.total') ?? [];
  t.is(figures.get('cpu.percent')?.length, totals.length - 1, `${name}: no per cent at the first poll`);
  totals.slice(1).forEach(({ atMs, value }, index) => {
    const { atMs: earlierMs, value: earlier } = totals[index] as Reading;
    const system = (at(figures, 'cpu.system', atMs) ?? NaN) - (at(figures, 'cpu.system', earlierMs) ?? NaN);
    const expected = ((value - earlier) / system) * cpus * 100;
    assertNear(t, at(figures, 'cpu.percent', atMs) ?? NaN, expected, 1e-4, `${name} cpu.percent`);
  });
  for (const { value } of figures.get('pids') ?? []) t.is(value, after.pids_stats.current as number, `${name} pids`);
  for (const { atMs, value } of figures.get('uptime') ?? [])
    t.is(value, Math.floor((atMs - startedAtMs) / 1000), `${name} uptime`);
  t.true((figures.get('uptime')?.length ?? 0) >= minSamples && before.read < after.read);
}

/**
 * The busy loop may use 20 ms of each 100 ms. The first and the last sample of the bridge lie up to a poll inside of the
 * engine's answers, and may cut a period: 1 point over five seconds. Another three allow for a machine that is busy in one
 * part of the time. A wrong number of CPUs would be 20 points off.
 */
export function assertSteadyLoop(t: ExecutionContext, { before, after, figures }: Compared): void {
  const percents = between(figures.get('cpu.percent'), readAtMs(before), readAtMs(after)).slice(1);
  const mean = percents.reduce((sum, { value }) => sum + value, 0) / percents.length;
  assertNear(t, mean, cpuPercentBetween(before, after), 4, 'cpu.percent of the busy loop');
}

const at = (figures: Figures, figure: string, atMs: number): number | undefined =>
  figures.get(figure)?.find((reading) => reading.atMs === atMs)?.value;

export function assertNear(
  t: ExecutionContext,
  found: number,
  expected: number,
  tolerance: number,
  what: string,
): void {
  t.true(Math.abs(found - expected) <= tolerance, `${what}: expected ${expected} ± ${tolerance}, found ${found}`);
}

/** Carbon keeps one value a second, the last one. */
export async function assertInCarbon(
  t: ExecutionContext,
  carbon: CarbonCache,
  readings: readonly Reading[],
  by: Naming,
): Promise<void> {
  const nameOf = graphiteNaming({ form: 'tagged' });
  const series = new Map<string, Map<number, number[]>>();
  for (const { metric, tags, atMs, value } of readings) {
    const name = nameOf({ metric, tags: by === 'legacy' ? {} : tags });
    const bySecond = series.get(name) ?? new Map<number, number[]>();
    const second = Math.floor(atMs / 1000);
    bySecond.set(second, [...(bySecond.get(second) ?? []), value]);
    series.set(name, bySecond);
  }
  const from = Math.floor(Math.min(...readings.map(({ atMs }) => atMs)) / 1000);
  const stored = await carbon.since(new Map([...series].map(([name, seconds]) => [name, seconds.size])), from);
  for (const [name, seconds] of series) {
    const found = stored.get(name) ?? new Map<number, number>();
    t.deepEqual(new Set(found.keys()), new Set(seconds.keys()), name);
    for (const [second, values] of seconds)
      t.true(values.includes(found.get(second) as number), `${name} at ${second}`);
  }
  t.is(await carbon.seriesCount(), series.size, 'Carbon has nothing else');
}
