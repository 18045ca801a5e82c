// The definition of one of the bridge's own metrics. Prometheus, OpenTSDB and docs/metrics.md are derived from it.

import type { DurationSnapshot } from '../../runtime/duration-histogram.ts';
import type { Snapshot } from '../snapshot.ts';

export type Labels = Readonly<Record<string, string>>;

/** One value of a metric, and its labels. */
export interface Sample<Value = number> {
  readonly labels: Labels;
  readonly value: Value;
}

/** A number is one sample without labels. Undefined is no sample: the value is unknown. */
export type Reading = number | undefined | readonly Sample[];

/** The kind of alert on a metric. `loss`: data is lost. `risk`: data will be lost unless an operator acts. */
export type Alarm = 'loss' | 'risk';

interface MetricDefinition {
  /** After Prometheus' conventions, without the common prefix. */
  readonly name: string;
  /** A sentence without its full stop. */
  readonly help: string;
  readonly labels?: readonly string[];
  readonly alarm?: Alarm;
}

/** A counter restarts at 0 with the process, unless its help says otherwise. */
export interface NumberMetric extends MetricDefinition {
  readonly type: 'counter' | 'gauge';
  readonly read: (snapshot: Snapshot) => Reading;
}

export interface HistogramMetric extends MetricDefinition {
  readonly type: 'histogram';
  readonly read: (snapshot: Snapshot) => readonly Sample<DurationSnapshot>[];
}

export type Metric = NumberMetric | HistogramMetric;

export function samplesOf(reading: Reading): readonly Sample[] {
  if (reading === undefined) return [];
  return typeof reading === 'number' ? [{ labels: {}, value: reading }] : reading;
}

/** Makes one sample of each entry, with its key as the value of the label. Undefined makes none. */
export function samplesBy(label: string, values: Readonly<Record<string, number>> | undefined): readonly Sample[] {
  return Object.entries(values ?? {}).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** Puts more labels before the samples' own. */
export function withLabels(labels: Labels, reading: Reading): readonly Sample[] {
  return samplesOf(reading).map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } }));
}

/** Prometheus measures time in seconds. */
export function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
