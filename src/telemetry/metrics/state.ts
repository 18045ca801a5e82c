// The measures of the bridge as a whole, and of its process.

import type { ReloadSeen } from '../../config/reload.ts';
import type { Snapshot } from '../snapshot.ts';
import type { ProcessStatsSnapshot } from '../process-stats.ts';
import { readiness } from '../readiness.ts';
import { by, type Metric, type Sample, seconds, single } from './metric.ts';

const vital =
  (read: (seen: ProcessStatsSnapshot) => number | undefined): ((snapshot: Snapshot) => readonly Sample[]) =>
  ({ process }) =>
    single(process && read(process));

const bridgeMeasures: readonly Metric[] = [
  {
    name: 'build_info',
    type: 'gauge',
    labels: ['version'],
    alarm: undefined,
    help: 'Always 1; its label is the version',
    read: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: 'ready',
    type: 'gauge',
    labels: [],
    alarm: 'risk',
    help: '1 while pushes are taken, 0 while they would be refused, as /readyz has it',
    read: (snapshot) => single(readiness(snapshot).isReady ? 1 : 0),
  },
  {
    name: 'warnings',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'How many things are not as they should be, as /readyz lists them',
    read: (snapshot) => single(readiness(snapshot).warnings.length),
  },
];

const vitalMeasures: readonly Metric[] = [
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'When the process started',
    read: vital(({ startedAtMs }) => seconds(startedAtMs)),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    labels: [],
    alarm: undefined,
    help: 'Processor time that it has used',
    read: vital(({ cpuSeconds }) => cpuSeconds),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Memory that it takes',
    read: vital(({ residentBytes }) => residentBytes),
  },
  {
    name: 'process_heap_used_bytes',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: "The part of it that JavaScript's objects take",
    read: vital(({ heapUsedBytes }) => heapUsedBytes),
  },
  {
    name: 'event_loop_lag_mean_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'How late the event loop was over the last minute, on average',
    read: vital(({ eventLoopLag }) => seconds(eventLoopLag.meanMs)),
  },
  {
    name: 'event_loop_lag_p99_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'The same, of a hundred times the second worst',
    read: vital(({ eventLoopLag }) => seconds(eventLoopLag.p99Ms)),
  },
  {
    name: 'event_loop_lag_max_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'The same, at worst',
    read: vital(({ eventLoopLag }) => seconds(eventLoopLag.maxMs)),
  },
];

const workerMeasures: readonly Metric[] = [
  {
    name: 'workers_wanted',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Processes that shall take requests; only with --workers',
    read: ({ workers }) => single(workers?.wanted),
  },
  {
    name: 'workers_running',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'Those of them that do; only with --workers',
    read: ({ workers }) => single(workers?.running),
  },
  {
    name: 'workers_replaced_total',
    type: 'counter',
    labels: [],
    alarm: undefined,
    help: 'How often another one took the place of one that had ended; only with --workers',
    read: ({ workers }) => single(workers?.replaced),
  },
];

const reload =
  (read: (seen: ReloadSeen) => number): ((snapshot: Snapshot) => readonly Sample[]) =>
  ({ reloads }) =>
    single(reloads && read(reloads));

const reloadMeasures: readonly Metric[] = [
  {
    name: 'config_last_reload_successful',
    type: 'gauge',
    labels: [],
    alarm: 'risk',
    help: '1 while the configuration as it stands is in effect, 0 while it cannot be used and the last good one stays',
    read: reload(({ isLastGood }) => Number(isLastGood)),
  },
  {
    name: 'config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    labels: [],
    alarm: undefined,
    help: 'When a configuration that could be used was read last, the start included',
    read: reload(({ lastGoodAtMs }) => lastGoodAtMs / 1000),
  },
  {
    name: 'config_reloads_total',
    type: 'counter',
    labels: ['outcome'],
    alarm: undefined,
    help: 'Readings of a configuration anew: succeeded, or failed; a file that stays wrong counts once',
    read: ({ reloads }) =>
      reloads === undefined ? [] : by('outcome', { succeeded: reloads.succeeded, failed: reloads.failed }),
  },
];

export const stateMetrics: readonly Metric[] = [
  ...bridgeMeasures,
  ...workerMeasures,
  ...reloadMeasures,
  ...vitalMeasures,
];
