// The CPU figures of a sample.

import type { Figure } from './figure.ts';
import { addedFigure, originalFigure, percentFigure } from './figure-values.ts';
import { get } from '../../json-members.ts';
import { counterOf, entriesOf } from './json-fields.ts';

/** The CPU counters of a sample, from which the next sample of the same container makes a per cent. */
export interface CpuSample {
  /** ms since 1970 UTC */
  readonly atMs: number;
  /** CPU time of the container, in ns (Windows: 100 ns); undefined if it was not measured. */
  readonly total: bigint | undefined;
  /** CPU time of the whole machine, in ns; undefined if it was not measured, and on Windows. */
  readonly systemNs: bigint | undefined;
}

export interface CpuFigures {
  readonly sample: CpuSample;
  readonly original: readonly Figure[];
  readonly added: readonly Figure[];
}

/**
 * Reads `cpu_stats`. Counters are ns, cumulative since the start of the container; `cpu.system` is that of the machine.
 *
 * @param previous - an earlier sample of the same container since the same start. Without one, `precpu_stats` takes its
 *   place if the engine filled it: it does unless the sample is one-shot.
 */
export function readCpu(stats: unknown, atMs: number, previous: CpuSample | undefined): CpuFigures {
  const sample = cpuSample(stats, 'cpu_stats', atMs);
  const online = onlineCpus(stats);
  const isMeasured = sample.total !== undefined;
  return {
    sample,
    original: [
      ...originalFigure('cpu.system', sample.systemNs),
      ...originalFigure('cpu.total', sample.total),
      ...originalFigure('cpu.kernel', isMeasured ? usageOf(stats, 'usage_in_kernelmode') : undefined),
      ...originalFigure('cpu.user', isMeasured ? usageOf(stats, 'usage_in_usermode') : undefined),
    ],
    added: [
      ...percentFigure('cpu.percent', cpuPercent(sample, previous ?? filledByEngine(stats), online)),
      ...throttling(stats),
      ...addedFigure('cpu.online', online),
    ],
  };
}

function cpuSample(stats: unknown, member: 'cpu_stats' | 'precpu_stats', atMs: number): CpuSample {
  const total = counterOf(stats, member, 'cpu_usage', 'total_usage');
  return {
    atMs,
    // The engine writes 0 for a CPU cgroup that it could not read. One that ran has used some time.
    total: total === 0n ? undefined : total,
    systemNs: counterOf(stats, member, 'system_cpu_usage'),
  };
}

function usageOf(stats: unknown, member: string): bigint | undefined {
  return counterOf(stats, 'cpu_stats', 'cpu_usage', member);
}

function filledByEngine(stats: unknown): CpuSample | undefined {
  const before = cpuSample(stats, 'precpu_stats', 0);
  return before.systemNs === undefined || before.systemNs === 0n ? undefined : before;
}

/**
 * The formula of Docker's CLI (calculateCPUPercentUnix in cli/command/container/stats_helpers.go): the share of the
 * machine's CPU time, times its CPUs, so that one busy CPU is 100. Undefined if no time has passed, or if a counter fell.
 */
function cpuPercent(now: CpuSample, before: CpuSample | undefined, online: bigint | undefined): number | undefined {
  if (now.total === undefined || now.systemNs === undefined || online === undefined) return undefined;
  if (before?.total === undefined || before.systemNs === undefined) return undefined;
  const total = now.total - before.total;
  const system = now.systemNs - before.systemNs;
  return total < 0n || system <= 0n ? undefined : (Number(total) / Number(system)) * Number(online) * 100;
}

/** Engines before API 1.27 have no `online_cpus`; `percpu_usage` has an entry for each CPU, with cgroup v1 alone. */
function onlineCpus(stats: unknown): bigint | undefined {
  const online = counterOf(stats, 'cpu_stats', 'online_cpus') ?? 0n;
  const counted = online === 0n ? BigInt(entriesOf(stats, 'cpu_stats', 'cpu_usage', 'percpu_usage').length) : online;
  return counted === 0n ? undefined : counted;
}

/** Without periods nothing was enforced or measured: the container has no CPU limit, or the engine is Podman, which writes zeros. */
function throttling(stats: unknown): Figure[] {
  const data = get(stats, 'cpu_stats', 'throttling_data');
  const periods = counterOf(data, 'periods') ?? 0n;
  if (periods === 0n) return [];
  return [
    ...addedFigure('cpu.periods', periods),
    ...addedFigure('cpu.throttled_periods', counterOf(data, 'throttled_periods')),
    ...addedFigure('cpu.throttled_time', counterOf(data, 'throttled_time')),
  ];
}
