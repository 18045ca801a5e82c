// The figures of a sample of a Windows container, which has other members and units.

import type { CpuSample } from './cpu.ts';
import type { Figure } from './figure.ts';
import { addedFigure, originalFigure, percentFigure } from './figure-values.ts';
import { get } from '../../json-members.ts';
import { counterOf } from './json-fields.ts';

/** CPU time is counted in intervals of 100 ns. */
const nsPerInterval = 100n;
const intervalsPerMs = 10_000;

/** `os_type` exists from API 1.52 on. `num_procs` is 0 on Linux, and a Windows sample has no CPU time of the machine. */
export function isWindows(stats: unknown): boolean {
  if (get(stats, 'os_type') === 'windows') return true;
  return (counterOf(stats, 'num_procs') ?? 0n) > 0n && counterOf(stats, 'cpu_stats', 'system_cpu_usage') === undefined;
}

/** The figures before and after those of the network. CPU counters become ns, as on Linux. */
export function readWindows(
  stats: unknown,
  atMs: number,
  previous: CpuSample | undefined,
): { readonly cpu: CpuSample; readonly original: readonly Figure[]; readonly added: readonly Figure[] } {
  const total = usageOf(stats, 'total_usage');
  const isMeasured = total !== undefined && total > 0n;
  const cpu = { atMs, total: isMeasured ? total : undefined, systemNs: undefined };
  const processors = counterOf(stats, 'num_procs') ?? 0n;
  return {
    cpu,
    original: isMeasured
      ? [
          ...originalFigure('cpu.total', total * nsPerInterval),
          ...originalFigure('cpu.kernel', inNs(usageOf(stats, 'usage_in_kernelmode'))),
          ...originalFigure('cpu.user', inNs(usageOf(stats, 'usage_in_usermode'))),
        ]
      : [],
    added: [
      ...percentFigure('cpu.percent', cpuPercent(cpu, previous, processors)),
      ...addedFigure('cpu.online', processors === 0n ? undefined : processors),
      ...addedFigure('memory.used', counterOf(stats, 'memory_stats', 'privateworkingset')),
      ...addedFigure('blkio.read_bytes', counterOf(stats, 'storage_stats', 'read_size_bytes')),
      ...addedFigure('blkio.write_bytes', counterOf(stats, 'storage_stats', 'write_size_bytes')),
    ],
  };
}

function usageOf(stats: unknown, member: string): bigint | undefined {
  return counterOf(stats, 'cpu_stats', 'cpu_usage', member);
}

function inNs(intervals: bigint | undefined): bigint | undefined {
  return intervals === undefined ? undefined : intervals * nsPerInterval;
}

/**
 * The formula of Docker's CLI (calculateCPUPercentWindows in cli/command/container/stats_helpers.go), times the
 * processors, so that one busy processor is 100 as on Linux: intervals used, of those that passed.
 */
function cpuPercent(now: CpuSample, before: CpuSample | undefined, processors: bigint): number | undefined {
  if (now.total === undefined || before?.total === undefined || processors === 0n) return undefined;
  const used = now.total - before.total;
  const passed = (now.atMs - before.atMs) * intervalsPerMs;
  return used < 0n || passed <= 0 ? undefined : (Number(used) / passed) * 100;
}
