// The statistics of the vectors, recorded ones, and what a test compares of them.

import { readFileSync } from 'node:fs';
import { parse } from 'lossless-json';
import type { CpuSample } from '../../../../src/sources/docker/figures/cpu.ts';
import type { Figure } from '../../../../src/sources/docker/figures/figure.ts';
import { readSample, type Sample } from '../../../../src/sources/docker/figures/sample.ts';

const folder = new URL('../../../../../test/golden/docker/figures/', import.meta.url);

/** A file of test/golden/docker/figures as text. */
export function recordedText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** A recorded answer of a real engine, parsed as the source parses it. */
export function recordedStats(name: string): unknown {
  return parse(recordedText(`${name}.json`));
}

/** Parses an object as the source parses an answer. Big integers keep their digits. */
export function statsOf(stats: object): unknown {
  return parse(
    JSON.stringify(stats, (_, value: unknown) => (typeof value === 'bigint' ? `#${value}#` : value)).replace(
      /"#(\d+)#"/g,
      '$1',
    ),
  );
}

/** The figures as `name value`, with the interface before the name. */
export function linesOf(figures: readonly Figure[]): string[] {
  return figures.map(
    ({ name, value, interfaceName }) => `${interfaceName === undefined ? '' : `${interfaceName} `}${name} ${value}`,
  );
}

/** @throws Error for a sample that is skipped */
export function sampleOf(stats: unknown, previous?: CpuSample): Sample {
  const sample = readSample(stats, previous);
  if ('skip' in sample) throw new Error(`skipped: ${sample.skip}`);
  return sample;
}

/** The value of a figure of the whole container. */
export function valueOf({ figures }: Sample, name: string): string | undefined {
  return figures.find((figure) => figure.name === name && figure.interfaceName === undefined)?.value;
}

const cpuUsage = { total_usage: 3000, usage_in_kernelmode: 1000, usage_in_usermode: 2000 };
const network = {
  rx_bytes: 100,
  rx_packets: 10,
  rx_errors: 0,
  rx_dropped: 1,
  tx_bytes: 200,
  tx_packets: 20,
  tx_errors: 0,
  tx_dropped: 2,
};

/** API 1.17, cgroup v1; measured at 1424680746.071. */
export const statsA = {
  read: '2015-02-23T08:39:06.071Z',
  network,
  cpu_stats: { cpu_usage: cpuUsage, system_cpu_usage: 900_000 },
  memory_stats: { usage: 5000, max_usage: 6000, limit: 8000, stats: { total_cache: 1500 } },
  blkio_stats: { io_service_bytes_recursive: [{ major: 8, minor: 0, op: 'Read', value: 10 }] },
};

/** API 1.44, cgroup v2; measured at 1709633742.123. */
export const statsC = {
  read: '2024-03-05T10:15:42.123Z',
  networks: { eth0: network, eth1: { rx_bytes: 1 } },
  cpu_stats: { cpu_usage: cpuUsage, system_cpu_usage: 900_000, online_cpus: 4 },
  precpu_stats: { cpu_usage: { total_usage: 1000 }, system_cpu_usage: 800_000 },
  memory_stats: { usage: 5000, limit: 8000, stats: { anon: 3000, file: 1500, inactive_file: 1200 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: 'read', value: 10 },
      { major: 8, minor: 0, op: 'write', value: 20 },
    ],
  },
  pids_stats: { current: 7 },
};
