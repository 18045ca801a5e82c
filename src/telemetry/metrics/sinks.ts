// The measures of what goes out: writes, what became of the points, and what waits for each sink.

import type { SinkSnapshot, Snapshot } from '../snapshot.ts';
import { by, labelled, type Metric, type Sample, seconds, single } from './metric.ts';

const eachSink = <Value>(
  { sinks }: Snapshot,
  read: (sink: SinkSnapshot) => readonly Sample<Value>[],
): readonly Sample<Value>[] => sinks.flatMap((sink) => labelled({ sink: sink.name }, read(sink)));

const writeMeasures: readonly Metric[] = [
  {
    name: 'sink_points_total',
    type: 'counter',
    labels: ['sink', 'ruling'],
    alarm: undefined,
    help: 'Points by what was ruled on them: accepted, rejected (a dead letter) or kept (to be written again; a point may be kept several times)',
    read: (snapshot) =>
      eachSink(snapshot, ({ accepted, rejected, kept }) => by('ruling', { accepted, rejected, kept })),
  },
  {
    name: 'sink_writes_total',
    type: 'counter',
    labels: ['sink', 'outcome'],
    alarm: undefined,
    help: 'Writes: answered, or failed, which is no answer or one that rules on nothing; the points of those wait',
    read: (snapshot) => eachSink(snapshot, ({ answered, failed }) => by('outcome', { answered, failed })),
  },
  {
    name: 'sink_write_duration_seconds',
    type: 'histogram',
    labels: ['sink'],
    alarm: undefined,
    help: 'How long a write took, answered or not',
    read: (snapshot) => eachSink(snapshot, ({ durations }) => [{ labels: {}, value: durations }]),
  },
  {
    name: 'sink_writes_in_flight',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: 'Writes that wait for their answer',
    read: (snapshot) => eachSink(snapshot, ({ inFlight }) => single(inFlight)),
  },
  {
    name: 'sink_up',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: '0 while the sink takes no points, 1 otherwise',
    read: (snapshot) => eachSink(snapshot, ({ failingSinceMs }) => single(failingSinceMs === undefined ? 1 : 0)),
  },
  {
    name: 'sink_last_taken_timestamp_seconds',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: 'When the sink took something last; absent before the first time',
    read: (snapshot) => eachSink(snapshot, ({ lastTakenAtMs }) => single(seconds(lastTakenAtMs))),
  },
];

const backlogMeasures: readonly Metric[] = [
  {
    name: 'sink_backlog_points',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: 'Points that wait for the sink, on disk',
    read: (snapshot) => eachSink(snapshot, ({ backlog }) => single(backlog.points)),
  },
  {
    name: 'sink_backlog_bytes',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: 'The bytes that count for them',
    read: (snapshot) => eachSink(snapshot, ({ backlog }) => single(backlog.bytes)),
  },
  {
    name: 'sink_oldest_point_age_seconds',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: 'How long the oldest of them has waited; 0 when nothing waits',
    read: (snapshot) =>
      eachSink(snapshot, ({ backlog: { oldestAtMs } }) =>
        single(oldestAtMs === undefined ? 0 : Math.max(0, snapshot.atMs - oldestAtMs) / 1000),
      ),
  },
  {
    name: 'sink_retry_points',
    type: 'gauge',
    labels: ['sink'],
    alarm: undefined,
    help: 'Those of them that the sink was given and could not take at the time',
    read: (snapshot) => eachSink(snapshot, ({ retrySet }) => single(retrySet.points)),
  },
  {
    name: 'sink_skipped_points_total',
    type: 'counter',
    labels: ['sink'],
    alarm: 'loss',
    help: 'Points that an optional sink has missed, ever, since too much waited for it; every other sink has them',
    read: (snapshot) => eachSink(snapshot, ({ skipped }) => single(skipped)),
  },
  {
    name: 'sink_annotations_total',
    type: 'counter',
    labels: ['sink', 'outcome'],
    alarm: undefined,
    help: 'Annotations of points that were taken: written, or skipped, since the receiver has none; OpenTSDB alone',
    read: (snapshot) =>
      eachSink(snapshot, ({ annotations }) =>
        annotations === undefined ? [] : by('outcome', { written: annotations.written, skipped: annotations.skipped }),
      ),
  },
  {
    name: 'gone_sink_points',
    type: 'gauge',
    labels: ['sink'],
    alarm: 'risk',
    help: 'Points that wait for a sink that is not configured any more; they are held for a week, and then lost',
    read: ({ goneSinks }) => goneSinks.flatMap(({ name, backlog }) => labelled({ sink: name }, single(backlog.points))),
  },
  {
    name: 'outlet_thread_restarts_total',
    type: 'counter',
    labels: [],
    alarm: 'risk',
    help: 'How often the thread that writes to the sinks has died and was started again; what it had in flight is written again',
    read: ({ outletRestarts }) => (outletRestarts === undefined ? [] : single(outletRestarts)),
  },
];

export const sinkMetrics: readonly Metric[] = [...writeMeasures, ...backlogMeasures];
