// The answer of /containers/ID/stats, as engines of each API version write it for cgroup v1 and v2.

import type { SimulatedContainer } from './container.ts';
import { goTime, isAtLeast, zeroTime } from './go-text.ts';
import type { Counters, InterfaceCounters } from './load.ts';

export interface Machine {
  readonly cgroupVersion: 1 | 2;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly hostname: string;
}

/** A sample: the counters of a container and of the machine at one time. */
export interface Sample {
  readonly atNs: bigint;
  readonly systemNs: bigint;
  /** Undefined: the container was not running. */
  readonly counters: Counters | undefined;
}

export interface StatsOptions {
  readonly apiVersion: string;
  readonly machine: Machine;
  readonly container: SimulatedContainer;
  readonly sample: Sample;
  /** The one that precpu_stats comes from; undefined: none, as in a one-shot. */
  readonly previous: Sample | undefined;
}

/** The value of the JSON, with bigint where an integer may pass 2^53. */
export function statsBody({ apiVersion, machine, container, sample, previous }: StatsOptions): object {
  const names = isAtLeast(apiVersion, '1.21') ? { name: `/${container.name}`, id: container.id } : {};
  const head = isAtLeast(apiVersion, '1.52') ? { ...names, os_type: 'linux' } : {};
  const tail = isAtLeast(apiVersion, '1.52') ? {} : names;
  const { counters } = sample;
  if (counters === undefined) {
    return { ...head, read: zeroTime, preread: zeroTime, ...zeroStats(), ...tail };
  }
  return {
    ...head,
    read: goTime(sample.atNs),
    preread: previous?.counters === undefined ? zeroTime : goTime(previous.atNs),
    pids_stats: { current: counters.pids, ...(machine.cgroupVersion === 2 ? { limit: 18446744073709551615n } : {}) },
    blkio_stats: machine.cgroupVersion === 1 ? blkioV1(counters) : blkioV2(counters),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(machine, sample),
    precpu_stats: previous?.counters === undefined ? zeroCpu() : cpuStats(machine, previous),
    memory_stats: memoryStats(machine, container, counters),
    ...tail,
    ...networks(apiVersion, counters),
  };
}

function zeroCpu(): object {
  return {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  };
}

const blkioNames = [
  'io_service_bytes_recursive',
  'io_serviced_recursive',
  'io_queue_recursive',
  'io_service_time_recursive',
  'io_wait_time_recursive',
  'io_merged_recursive',
  'io_time_recursive',
  'sectors_recursive',
];

function zeroStats(): object {
  return {
    pids_stats: {},
    blkio_stats: Object.fromEntries(blkioNames.map((name) => [name, null])),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: zeroCpu(),
    precpu_stats: zeroCpu(),
    memory_stats: {},
  };
}

function cpuStats({ cgroupVersion, cpus }: Machine, { counters, systemNs }: Sample): object {
  const { cpuNs = 0n, kernelNs = 0n, userNs = 0n } = counters ?? {};
  const each = cpuNs / BigInt(cpus);
  const percpu = Array.from({ length: cpus }, (_, index) => (index === 0 ? cpuNs - each * BigInt(cpus - 1) : each));
  return {
    cpu_usage: {
      total_usage: cpuNs,
      ...(cgroupVersion === 1 ? { percpu_usage: percpu } : {}),
      usage_in_kernelmode: kernelNs,
      usage_in_usermode: userNs,
    },
    system_cpu_usage: systemNs,
    online_cpus: cpus,
    throttling_data: {
      periods: counters?.periods ?? 0,
      throttled_periods: counters?.throttledPeriods ?? 0,
      throttled_time: counters?.throttledNs ?? 0n,
    },
  };
}

function blkioV1({ readBytes, writtenBytes }: Counters): object {
  const device = { major: 8, minor: 0 };
  const entries = (read: number, write: number): object[] => [
    { ...device, op: 'Read', value: read },
    { ...device, op: 'Write', value: write },
    { ...device, op: 'Sync', value: read + write },
    { ...device, op: 'Async', value: 0 },
    { ...device, op: 'Discard', value: 0 },
    { ...device, op: 'Total', value: read + write },
  ];
  const filled: Readonly<Record<string, object[]>> = {
    io_service_bytes_recursive: entries(readBytes, writtenBytes),
    io_serviced_recursive: entries(readBytes / 4096, writtenBytes / 4096),
  };
  return Object.fromEntries(blkioNames.map((name) => [name, filled[name] ?? []]));
}

function blkioV2({ readBytes, writtenBytes }: Counters): object {
  const device = { major: 8, minor: 0 };
  const bytes = [
    { ...device, op: 'read', value: readBytes },
    { ...device, op: 'write', value: writtenBytes },
  ];
  return Object.fromEntries(blkioNames.map((name) => [name, name === blkioNames[0] ? bytes : null]));
}

function memoryStats({ cgroupVersion }: Machine, container: SimulatedContainer, counters: Counters): object {
  const { memoryBytes: usage, maxMemoryBytes } = counters;
  const isV1 = cgroupVersion === 1;
  const stats = isV1 ? memoryV1(container, counters) : memoryV2(counters);
  return { usage, ...(isV1 ? { max_usage: maxMemoryBytes } : {}), stats, limit: container.memoryLimitBytes };
}

/** The members of memory.stat in cgroup v1: each for the cgroup, and with `total_` for those below it too. */
function memoryV1({ spec }: SimulatedContainer, counters: Counters): object {
  const { memoryBytes, fileBytes, inactiveFileBytes } = counters;
  const own = {
    active_anon: 4096,
    active_file: fileBytes - inactiveFileBytes,
    cache: fileBytes,
    dirty: 0,
    inactive_anon: memoryBytes - fileBytes - 4096,
    inactive_file: inactiveFileBytes,
    mapped_file: 0,
    pgfault: Math.floor(memoryBytes / 2048),
    pgmajfault: 0,
    pgpgin: Math.floor(memoryBytes / 4096) + 900,
    pgpgout: 900,
    rss: memoryBytes - fileBytes,
    rss_huge: 0,
    unevictable: 0,
    writeback: 0,
  };
  const unlimited = 9223372036854771712n;
  const limits = {
    hierarchical_memory_limit: spec.memoryLimitBytes ?? unlimited,
    hierarchical_memsw_limit: unlimited,
  };
  const totals = Object.entries(own).map(([name, value]) => [`total_${name}`, value]);
  const members: [string, number | bigint][] = Object.entries({ ...own, ...limits, ...Object.fromEntries(totals) });
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Members of memory.stat in cgroup v2. */
function memoryV2({ memoryBytes, fileBytes, inactiveFileBytes }: Counters): object {
  return {
    active_anon: 4096,
    active_file: fileBytes - inactiveFileBytes,
    anon: memoryBytes - fileBytes,
    anon_thp: 0,
    file: fileBytes,
    file_dirty: 0,
    file_mapped: 0,
    file_writeback: 0,
    inactive_anon: memoryBytes - fileBytes - 4096,
    inactive_file: inactiveFileBytes,
    kernel_stack: 49152,
    pgactivate: 0,
    pgdeactivate: 0,
    pgfault: Math.floor(memoryBytes / 2048),
    pglazyfree: 0,
    pglazyfreed: 0,
    pgmajfault: 0,
    pgrefill: 0,
    pgscan: 0,
    pgsteal: 0,
    shmem: 0,
    slab: 262144,
    slab_reclaimable: 131072,
    slab_unreclaimable: 131072,
    sock: 0,
    thp_collapse_alloc: 0,
    thp_fault_alloc: 0,
    unevictable: 0,
    workingset_activate: 0,
    workingset_nodereclaim: 0,
    workingset_refault: 0,
  };
}

/** From API 1.21 on by interface, before that their sum (moby, docs/api/version-history.md). */
function networks(apiVersion: string, { interfaces }: Counters): object {
  const all = Object.entries(interfaces);
  if (isAtLeast(apiVersion, '1.21')) {
    return all.length === 0
      ? {}
      : { networks: Object.fromEntries(all.map(([name, counters]) => [name, network(counters)])) };
  }
  const sum = (name: keyof InterfaceCounters): number => all.reduce((total, [, counters]) => total + counters[name], 0);
  return {
    network: network({
      rxBytes: sum('rxBytes'),
      rxPackets: sum('rxPackets'),
      rxErrors: sum('rxErrors'),
      rxDropped: sum('rxDropped'),
      txBytes: sum('txBytes'),
      txPackets: sum('txPackets'),
      txErrors: sum('txErrors'),
      txDropped: sum('txDropped'),
    }),
  };
}

function network(counters: InterfaceCounters): object {
  return {
    rx_bytes: counters.rxBytes,
    rx_packets: counters.rxPackets,
    rx_errors: counters.rxErrors,
    rx_dropped: counters.rxDropped,
    tx_bytes: counters.txBytes,
    tx_packets: counters.txPackets,
    tx_errors: counters.txErrors,
    tx_dropped: counters.txDropped,
  };
}
