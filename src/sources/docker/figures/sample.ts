// Turns an answer of /containers/ID/stats into figures.

import { readBlockIo } from './block-io.ts';
import { type CpuSample, readCpu } from './cpu.ts';
import type { Figure, SkipReason } from './figure.ts';
import { addedFigure, originalFigure } from './figure-values.ts';
import { get } from '../../json-members.ts';
import { counterOf } from './json-fields.ts';
import { cgroupVersionOf, readMemory } from './memory.ts';
import { readNetwork } from './network.ts';
import { isWindows, readWindows } from './windows.ts';

export interface Sample {
  /** When the engine measured (`read`): ms since 1970 UTC, rounded down. */
  readonly atMs: number;
  /** The `previous` of the container's next sample. */
  readonly cpu: CpuSample;
  /** Those of docker-stats-to-backstop first, in its order, then the others. */
  readonly figures: readonly Figure[];
  /** Undefined where the sample does not tell it. */
  readonly cgroupVersion: 1 | 2 | undefined;
}

/** The bounds of a timestamp in ms and in s; see faultOfTime of src/model/legal-point.ts. */
const minMs = 0x1_0000_0000;
const maxMs = 0xffff_ffff * 1000 + 999;

/**
 * Reads a sample, of any API version from 1.17 on. A member that is missing, or is not an integer from 0 to 2^64-1,
 * gives no figure.
 *
 * A container that does not run has the time 0001-01-01 and zeros: it is skipped as `stopped`. A sample without a time
 * but with counters, or with a time and nothing else, is skipped as `not-measured`.
 *
 * @param stats - the answer as lossless-json parses it: numbers are LosslessNumber
 * @param previous - `cpu` of the sample before, of the same container since the same start
 */
export function readSample(
  stats: unknown,
  previous: CpuSample | undefined,
): Sample | { readonly skip: Extract<SkipReason, 'stopped' | 'not-measured'> } {
  const atMs = timeOf(get(stats, 'read'));
  const { cpu, figures } = figuresOf(stats, atMs ?? 0, previous);
  if (atMs === undefined) return { skip: figures.some(({ value }) => Number(value) > 0) ? 'not-measured' : 'stopped' };
  if (figures.length === 0) return { skip: 'not-measured' };
  return { atMs, cpu, figures, cgroupVersion: cgroupVersionOf(stats) };
}

function figuresOf(
  stats: unknown,
  atMs: number,
  previous: CpuSample | undefined,
): { readonly cpu: CpuSample; readonly figures: readonly Figure[] } {
  const network = readNetwork(stats);
  if (isWindows(stats)) {
    const { cpu, original, added } = readWindows(stats, atMs, previous);
    return { cpu, figures: [...original, ...network.original, ...added, ...network.added] };
  }
  const cpu = readCpu(stats, atMs, previous);
  const memory = readMemory(stats);
  return {
    cpu: cpu.sample,
    figures: [
      ...cpu.original,
      ...memory.original,
      ...network.original,
      ...cpu.added,
      ...memory.added,
      ...network.added,
      ...readBlockIo(stats),
      ...addedFigure('pids', counterOf(stats, 'pids_stats', 'current')),
    ],
  };
}

/** The time of a sample. Undefined for the year 1 of a sample that was not taken, and for a time that no point can carry. */
function timeOf(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) {
    return undefined;
  }
  const atMs = Date.parse(text);
  return atMs >= minMs && atMs <= maxMs ? atMs : undefined;
}

/**
 * Whole seconds since the container started, as docker-stats-to-backstop counted them.
 *
 * @param startedAtMs - ms since 1970 UTC; undefined, or the year 1, for a container that never started
 * @param nowMs - ms since 1970 UTC
 * @returns undefined for a container that never started, or starts later than now
 */
export function uptime(startedAtMs: number | undefined, nowMs: number): Figure | undefined {
  if (startedAtMs === undefined || !(startedAtMs > 0) || !(nowMs >= startedAtMs)) return undefined;
  return originalFigure('uptime', BigInt(Math.floor((nowMs - startedAtMs) / 1000)))[0];
}
