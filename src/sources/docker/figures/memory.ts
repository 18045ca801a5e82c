// The memory figures of a sample, for cgroup v1 and v2.

import type { Figure } from './figure.ts';
import { addedFigure, isStorable, originalFigure, percentFigure } from './figure-values.ts';
import { get } from '../../json-members.ts';
import { counterOf } from './json-fields.ts';

export interface MemoryFigures {
  readonly original: readonly Figure[];
  readonly added: readonly Figure[];
}

/**
 * Reads `memory_stats`, in bytes. The engine omits what it did not measure; Podman has no `stats` in it.
 *
 * `memory.active` is usage without the page cache. docker-stats-to-backstop wrapped it below zero, here it stops at 0.
 */
export function readMemory(stats: unknown): MemoryFigures {
  const usage = counterOf(stats, 'memory_stats', 'usage');
  const limit = counterOf(stats, 'memory_stats', 'limit');
  // cgroup v1 has total_cache, v2 file.
  const cache =
    counterOf(stats, 'memory_stats', 'stats', 'total_cache') ?? counterOf(stats, 'memory_stats', 'stats', 'file');
  const active = usage === undefined || cache === undefined ? undefined : usage > cache ? usage - cache : 0n;
  const used = usage === undefined ? undefined : withoutInactiveFiles(stats, usage);
  return {
    original: [
      ...originalFigure('memory.usage', usage),
      ...originalFigure('memory.cache', cache),
      ...originalFigure('memory.active', active),
      ...originalFigure('memory.max_usage', counterOf(stats, 'memory_stats', 'max_usage')),
      ...originalFigure('memory.limit', limit),
    ],
    added: [...addedFigure('memory.used', used), ...percentFigure('memory.percent', percentOf(used, limit))],
  };
}

/** What `docker stats` shows since 20.10 (calculateMemUsageUnixNoCache in cli/command/container/stats_helpers.go). */
function withoutInactiveFiles(stats: unknown, usage: bigint): bigint {
  const inactive = ['total_inactive_file', 'inactive_file']
    .map((member) => counterOf(stats, 'memory_stats', 'stats', member))
    .find((bytes) => bytes !== undefined && bytes < usage);
  return usage - (inactive ?? 0n);
}

/** A limit that no sink stores, such as 2^64-1, is none. */
function percentOf(used: bigint | undefined, limit: bigint | undefined): number | undefined {
  return used === undefined || !isStorable(limit) || limit === 0n ? undefined : (Number(used) / Number(limit)) * 100;
}

/** Undefined where the sample has no memory statistics that tell it. */
export function cgroupVersionOf(stats: unknown): 1 | 2 | undefined {
  const members = get(stats, 'memory_stats', 'stats');
  if (counterOf(members, 'total_cache') !== undefined || counterOf(members, 'total_inactive_file') !== undefined)
    return 1;
  return counterOf(members, 'file') === undefined && counterOf(members, 'inactive_file') === undefined ? undefined : 2;
}
