// What a measure is: one metric that the bridge has of itself, said once for Prometheus, OpenTSDB and docs/metrics.md.

import type { DurationSnapshot } from '../../runtime/duration-histogram.ts';
import type { Snapshot } from '../snapshot.ts';

/** A value, and the labels that tell it from the others of its measure. */
export interface Sample<Value = number> {
  readonly labels: Labels;
  readonly value: Value;
}

export type Labels = Readonly<Record<string, string>>;

/** What an operator is to make of it when it grows. `loss`: data is gone. `risk`: it will be if nobody does anything. */
export type Alarm = 'loss' | 'risk' | undefined;

interface Described {
  /** By Prometheus' conventions, without the prefix that all have. */
  readonly name: string;
  /** A sentence without a full stop. */
  readonly help: string;
  readonly labels: readonly string[];
  readonly alarm: Alarm;
}

/** `counter`: grows, and begins anew with the process. */
export interface NumberMetric extends Described {
  readonly type: 'counter' | 'gauge';
  readonly read: (snapshot: Snapshot) => readonly Sample[];
}

export interface HistogramMetric extends Described {
  readonly type: 'histogram';
  readonly read: (snapshot: Snapshot) => readonly Sample<DurationSnapshot>[];
}

export type Metric = NumberMetric | HistogramMetric;

/** A sample without labels; none where the value is not known. */
export function single(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

/** A sample for each entry, with its key as the label. */
export function by(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([key, value]) => ({ labels: { [label]: key }, value }));
}

/** Some of the counts, each under the label's value that stands for it. */
export function picked<Key extends string>(
  counts: Readonly<Partial<Record<Key, number>>>,
  names: Readonly<Record<string, Key>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(names).map(([name, key]) => [name, counts[key] ?? 0]));
}

/** The same samples with more labels before their own. */
export function labelled<Value>(labels: Labels, samples: readonly Sample<Value>[]): readonly Sample<Value>[] {
  return samples.map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } }));
}

/** Prometheus has its times in seconds. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
