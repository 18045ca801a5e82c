// The metrics of the bridge as a whole, of its workers, its configuration and its process.

import { readiness } from '../readiness.ts';
import { type Metric, samplesBy, toSeconds } from './metric.ts';

const bridgeMetrics: readonly Metric[] = [
  {
    name: 'build_info',
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; its label is the version',
    read: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: 'ready',
    type: 'gauge',
    alarm: 'risk',
    help: '1 while pushes are taken, 0 while they would be refused, as /readyz has it',
    read: (snapshot) => Number(readiness(snapshot).isReady),
  },
  {
    name: 'warnings',
    type: 'gauge',
    help: 'How many things are not as they should be, as /readyz lists them',
    read: (snapshot) => readiness(snapshot).warnings.length,
  },
];

const processMetrics: readonly Metric[] = [
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process started',
    read: ({ process }) => toSeconds(process?.startedAtMs),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time that it has used',
    read: ({ process }) => process?.cpuSeconds,
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory that it takes',
    read: ({ process }) => process?.residentBytes,
  },
  {
    name: 'process_heap_used_bytes',
    type: 'gauge',
    help: "The part of it that JavaScript's objects take",
    read: ({ process }) => process?.heapUsedBytes,
  },
  {
    name: 'event_loop_lag_mean_seconds',
    type: 'gauge',
    help: 'How late the event loop was over the last minute, on average',
    read: ({ process }) => toSeconds(process?.eventLoopLag.meanMs),
  },
  {
    name: 'event_loop_lag_p99_seconds',
    type: 'gauge',
    help: 'The same, of a hundred times the second worst',
    read: ({ process }) => toSeconds(process?.eventLoopLag.p99Ms),
  },
  {
    name: 'event_loop_lag_max_seconds',
    type: 'gauge',
    help: 'The same, at worst',
    read: ({ process }) => toSeconds(process?.eventLoopLag.maxMs),
  },
];

const workerMetrics: readonly Metric[] = [
  {
    name: 'workers_wanted',
    type: 'gauge',
    help: 'Processes that shall take requests; only with --workers',
    read: ({ workers }) => workers?.wanted,
  },
  {
    name: 'workers_running',
    type: 'gauge',
    help: 'Those of them that do; only with --workers',
    read: ({ workers }) => workers?.running,
  },
  {
    name: 'workers_replaced_total',
    type: 'counter',
    help: 'How often another one took the place of one that had ended; only with --workers',
    read: ({ workers }) => workers?.replaced,
  },
];

const reloadMetrics: readonly Metric[] = [
  {
    name: 'config_last_reload_successful',
    type: 'gauge',
    alarm: 'risk',
    help: '1 while the configuration as it stands is in effect, 0 while it cannot be used and the last good one stays',
    read: ({ reloads }) => reloads && Number(reloads.isLastGood),
  },
  {
    name: 'config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When a configuration that could be used was read last, the start included',
    read: ({ reloads }) => toSeconds(reloads?.lastGoodAtMs),
  },
  {
    name: 'config_reloads_total',
    type: 'counter',
    labels: ['outcome'],
    help: 'Readings of a configuration anew: succeeded, or failed; a file that stays wrong counts once',
    read: ({ reloads }) => samplesBy('outcome', reloads && { succeeded: reloads.succeeded, failed: reloads.failed }),
  },
];

export const stateMetrics: readonly Metric[] = [
  ...bridgeMetrics,
  ...workerMetrics,
  ...reloadMetrics,
  ...processMetrics,
];
