// The metrics of the output: writes, verdicts and the backlog of each sink.

import type { SinkSnapshot } from '../snapshot.ts';
import { type Metric, type Reading, type Sample, samplesBy, toSeconds, withLabels } from './metric.ts';

function eachSink(sinks: readonly SinkSnapshot[], read: (sink: SinkSnapshot) => Reading): Sample[] {
  return sinks.flatMap((sink) => withLabels({ sink: sink.name }, read(sink)));
}

const writeMetrics: readonly Metric[] = [
  {
    name: 'sink_points_total',
    type: 'counter',
    labels: ['sink', 'ruling'],
    help: 'Points by what was ruled on them: accepted, rejected (a dead letter) or kept (to be written again; a point may be kept several times)',
    read: ({ sinks }) =>
      eachSink(sinks, ({ accepted, rejected, kept }) => samplesBy('ruling', { accepted, rejected, kept })),
  },
  {
    name: 'sink_writes_total',
    type: 'counter',
    labels: ['sink', 'outcome'],
    help: 'Writes: answered, or failed, which is no answer or one that rules on nothing; the points of those wait',
    read: ({ sinks }) => eachSink(sinks, ({ answered, failed }) => samplesBy('outcome', { answered, failed })),
  },
  {
    name: 'sink_write_duration_seconds',
    type: 'histogram',
    labels: ['sink'],
    help: 'How long a write took, answered or not',
    read: ({ sinks }) => sinks.map(({ name, durations }) => ({ labels: { sink: name }, value: durations })),
  },
  {
    name: 'sink_writes_in_flight',
    type: 'gauge',
    labels: ['sink'],
    help: 'Writes that wait for their answer',
    read: ({ sinks }) => eachSink(sinks, ({ inFlight }) => inFlight),
  },
  {
    name: 'sink_up',
    type: 'gauge',
    labels: ['sink'],
    help: '0 while the sink takes no points, 1 otherwise',
    read: ({ sinks }) => eachSink(sinks, ({ failingSinceMs }) => (failingSinceMs === undefined ? 1 : 0)),
  },
  {
    name: 'sink_last_taken_timestamp_seconds',
    type: 'gauge',
    labels: ['sink'],
    help: 'When the sink took something last; absent before the first time',
    read: ({ sinks }) => eachSink(sinks, ({ lastTakenAtMs }) => toSeconds(lastTakenAtMs)),
  },
];

const backlogMetrics: readonly Metric[] = [
  {
    name: 'sink_backlog_points',
    type: 'gauge',
    labels: ['sink'],
    help: 'Points that wait for the sink, on disk',
    read: ({ sinks }) => eachSink(sinks, ({ backlog }) => backlog.points),
  },
  {
    name: 'sink_backlog_bytes',
    type: 'gauge',
    labels: ['sink'],
    help: 'The bytes that count for them',
    read: ({ sinks }) => eachSink(sinks, ({ backlog }) => backlog.bytes),
  },
  {
    name: 'sink_oldest_point_age_seconds',
    type: 'gauge',
    labels: ['sink'],
    help: 'How long the oldest of them has waited; 0 when nothing waits',
    read: ({ sinks, atMs }) =>
      eachSink(sinks, ({ backlog: { oldestAtMs = atMs } }) => Math.max(0, atMs - oldestAtMs) / 1000),
  },
  {
    name: 'sink_retry_points',
    type: 'gauge',
    labels: ['sink'],
    help: 'Those of them that the sink was given and could not take at the time',
    read: ({ sinks }) => eachSink(sinks, ({ retrySet }) => retrySet.points),
  },
  {
    name: 'sink_skipped_points_total',
    type: 'counter',
    labels: ['sink'],
    alarm: 'loss',
    help: 'Points that an optional sink has missed, ever, since too much waited for it; every other sink has them',
    read: ({ sinks }) => eachSink(sinks, ({ skipped }) => skipped),
  },
  {
    name: 'sink_annotations_total',
    type: 'counter',
    labels: ['sink', 'outcome'],
    help: 'Annotations of points that were taken: written, or skipped, since the receiver has none; OpenTSDB and Backstop',
    read: ({ sinks }) => eachSink(sinks, ({ annotations }) => samplesBy('outcome', annotations && { ...annotations })),
  },
  {
    name: 'gone_sink_points',
    type: 'gauge',
    labels: ['sink'],
    alarm: 'risk',
    help: 'Points that wait for a sink that is not configured any more; they are held for a week, and then lost',
    read: ({ goneSinks }) => goneSinks.flatMap(({ name, backlog }) => withLabels({ sink: name }, backlog.points)),
  },
  {
    name: 'outlet_thread_restarts_total',
    type: 'counter',
    alarm: 'risk',
    help: 'How often the thread that writes to the sinks has died and was started again; what it had in flight is written again',
    read: ({ outletRestarts }) => outletRestarts,
  },
];

export const sinkMetrics: readonly Metric[] = [...writeMetrics, ...backlogMetrics];
