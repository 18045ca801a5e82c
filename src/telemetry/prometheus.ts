// The bridge's own metrics in Prometheus' text format.

import { Counter, Gauge, Histogram, type MetricValueWithName, Registry } from 'prom-client';
import { type HistogramMetric, type NumberMetric, type Sample, samplesOf } from './metrics/metric.ts';
import { metrics } from './metrics/all-metrics.ts';
import type { DurationSnapshot } from '../runtime/duration-histogram.ts';
import type { Snapshot } from './snapshot.ts';

export const metricPrefix = 'catchpoint_bridge_';

export interface MetricsPage {
  readonly contentType: string;
  text(snapshot: Snapshot): Promise<string>;
}

/** A registry of all metrics. prom-client calls its metrics back, which then read the snapshot of the current page. */
export function metricsPage(): MetricsPage {
  const registry = new Registry();
  let current: Snapshot;
  for (const metric of metrics) {
    if (metric.type === 'histogram') registerHistogram(registry, metric, () => metric.read(current));
    else registerNumber(registry, metric, () => samplesOf(metric.read(current)));
  }
  return {
    contentType: registry.contentType,
    text(snapshot) {
      current = snapshot;
      return registry.metrics();
    },
  };
}

function optionsOf({ name, help, labels = [] }: NumberMetric | HistogramMetric, registry: Registry) {
  return { name: metricPrefix + name, help: `${help}.`, labelNames: [...labels], registers: [registry] };
}

/** prom-client gives a metric without labels a sample 0. `remove` deletes it, so that unknown values are absent. */
function registerNumber(registry: Registry, metric: NumberMetric, read: () => readonly Sample[]): void {
  const options = optionsOf(metric, registry);
  const clear = (all: Gauge | Counter): void => {
    all.reset();
    if (options.labelNames.length === 0) all.remove();
  };
  if (metric.type === 'gauge') {
    new Gauge({
      ...options,
      collect() {
        clear(this);
        for (const { labels, value } of read()) this.set(labels, value);
      },
    });
  } else {
    new Counter({
      ...options,
      collect() {
        clear(this);
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  }
}

/** prom-client's histogram takes single observations only, so the registry reads the counts in its place. */
function registerHistogram(
  registry: Registry,
  metric: HistogramMetric,
  read: () => readonly Sample<DurationSnapshot>[],
): void {
  const options = optionsOf(metric, registry);
  const get = async () => ({
    name: options.name,
    help: options.help,
    type: 'histogram',
    aggregator: 'sum',
    values: read().flatMap((sample) => histogramValues(options.name, sample)),
  });
  Object.assign(new Histogram(options), { get, getForPromString: get });
}

function histogramValues(name: string, { labels, value }: Sample<DurationSnapshot>): MetricValueWithName<string>[] {
  const { boundsSeconds, atMost, count, sumSeconds } = value;
  const buckets = boundsSeconds.map((le, place) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le },
    value: atMost[place] ?? 0,
  }));
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: { ...labels }, value: sumSeconds },
    { metricName: `${name}_count`, labels: { ...labels }, value: count },
  ];
}
