// The figures of containers as VictoriaMetrics has them, by container and figure, for both namings.

import type { EngineStats } from './docker-engine.ts';
import type { VictoriaMetrics } from './victoria-metrics.ts';

export type Naming = 'legacy' | 'tags';

/** One stored value. */
export interface Reading {
  readonly metric: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly atMs: number;
  readonly value: number;
}

/** Values in order of time, by figure: its name by docker-stats-to-backstop, such as cpu.total or network.eth0.rx_bytes. */
export type Figures = ReadonlyMap<string, readonly Reading[]>;

/** Returns everything that is stored. Copies of a point are one. */
export async function readingsOf(victoria: VictoriaMetrics): Promise<Reading[]> {
  const lines = new Set(await victoria.points('ms'));
  return [...lines].map((line) => {
    const [metric = '', time, value, ...tags] = line.split(' ');
    return {
      metric,
      atMs: Number(time),
      value: Number(value),
      tags: Object.fromEntries(tags.map((tag) => tag.split(/=(.*)/s) as [string, string])),
    };
  });
}

/** Returns the figures of a container: by its tag, or by the first part of the legacy names. */
export function figuresOf(readings: readonly Reading[], container: string, naming: Naming): Figures {
  const figures = new Map<string, Reading[]>();
  for (const reading of readings.toSorted((one, other) => one.atMs - other.atMs)) {
    const figure = figureOf(reading, container, naming);
    if (figure !== undefined) figures.set(figure, [...(figures.get(figure) ?? []), reading]);
  }
  return figures;
}

function figureOf({ metric, tags }: Reading, container: string, naming: Naming): string | undefined {
  if (naming === 'legacy') return metric.startsWith(`${container}.`) ? metric.slice(container.length + 1) : undefined;
  if (tags['container'] !== container) return undefined;
  return metric.replace(/^docker\./, '').replace(/^network\.interface\./, `network.${tags['interface']}.`);
}

/** Of one figure, from one time to another, both included. */
export function between(readings: readonly Reading[] | undefined, fromMs: number, toMs: number): Reading[] {
  return (readings ?? []).filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
}

/** Returns the counters of an answer of the engine by figure. The network is in total and by interface. */
export function countersOf(stats: EngineStats): Map<string, number> {
  const { cpu_stats: cpu, memory_stats: memory, networks = {} } = stats;
  const counters = new Map([
    ['cpu.system', cpu.system_cpu_usage],
    ['cpu.total', cpu.cpu_usage.total_usage],
    ['cpu.kernel', cpu.cpu_usage.usage_in_kernelmode],
    ['cpu.user', cpu.cpu_usage.usage_in_usermode],
  ]);
  if (memory.max_usage !== undefined) counters.set('memory.max_usage', memory.max_usage);
  if (cpu.throttling_data.periods > 0) {
    counters.set('cpu.periods', cpu.throttling_data.periods);
    counters.set('cpu.throttled_periods', cpu.throttling_data.throttled_periods);
    counters.set('cpu.throttled_time', cpu.throttling_data.throttled_time);
  }
  for (const [name, values] of Object.entries(networks)) {
    for (const [member, value] of Object.entries(values)) {
      counters.set(`network.${name}.${member}`, value);
      counters.set(`network.${member}`, (counters.get(`network.${member}`) ?? 0) + value);
    }
  }
  return counters;
}

/** Returns bytes by figure; with cgroup v1 or v2. */
export function memoryOf({ memory_stats: memory }: EngineStats): Map<string, number> {
  const { usage, stats = {} } = memory;
  const cache = stats['total_cache'] ?? stats['file'] ?? 0;
  const inactive = stats['total_inactive_file'] ?? stats['inactive_file'] ?? 0;
  return new Map([
    ['memory.usage', usage],
    ['memory.cache', cache],
    ['memory.active', Math.max(0, usage - cache)],
    ['memory.used', inactive < usage ? usage - inactive : usage],
  ]);
}

/** The engine writes the time of a sample with nanoseconds. */
export const readAtMs = ({ read }: EngineStats): number => Date.parse(read);

/** CPU per cent between two samples, by the engine's own formula: 100 is one CPU. */
export function cpuPercentBetween(before: EngineStats, after: EngineStats): number {
  const total = after.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage;
  const system = after.cpu_stats.system_cpu_usage - before.cpu_stats.system_cpu_usage;
  return (total / system) * after.cpu_stats.online_cpus * 100;
}
