// The bridge's own metrics as Prometheus reads them.

import { Counter, Gauge, Histogram, type MetricValueWithName, Registry } from 'prom-client';
import type { HistogramMetric, NumberMetric, Sample } from './metrics/metric.ts';
import { metrics } from './metrics/all-metrics.ts';
import type { DurationSnapshot } from '../runtime/duration-histogram.ts';
import type { Snapshot } from './snapshot.ts';

export const metricPrefix = 'catchpoint_bridge_';

export interface MetricsPage {
  readonly contentType: string;
  /** Prometheus' text format. */
  text(snapshot: Snapshot): Promise<string>;
}

/** A page of every measure; one registry, which reads the snapshot that it is given. */
export function metricsPage(): MetricsPage {
  const registry = new Registry();
  let seen: Snapshot;
  for (const measure of metrics) {
    if (measure.type === 'histogram') addHistogram(registry, measure, () => measure.read(seen));
    else addNumber(registry, measure, () => measure.read(seen));
  }
  return {
    contentType: registry.contentType,
    text(snapshot) {
      seen = snapshot;
      return registry.metrics();
    },
  };
}

function described({ name, help, labels }: NumberMetric | HistogramMetric, registry: Registry): Described {
  return { name: metricPrefix + name, help: `${help}.`, labelNames: [...labels], registers: [registry] };
}

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

/** The values are put in when they are asked for. Without labels prom-client begins with a 0, which nobody has read. */
function addNumber(registry: Registry, measure: NumberMetric, read: () => readonly Sample[]): void {
  const options = described(measure, registry);
  if (measure.type === 'gauge') {
    new Gauge({
      ...options,
      collect() {
        this.reset();
        if (options.labelNames.length === 0) this.remove();
        for (const { labels, value } of read()) this.set(labels, value);
      },
    });
  } else {
    new Counter({
      ...options,
      collect() {
        this.reset();
        if (options.labelNames.length === 0) this.remove();
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  }
}

/** What the registry asks of a metric. */
interface Shown {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly MetricValueWithName<string>[];
}

/** prom-client's histogram can only be filled one observation after the other; what was counted is given in its place. */
function addHistogram(
  registry: Registry,
  measure: HistogramMetric,
  read: () => readonly Sample<DurationSnapshot>[],
): void {
  const options = described(measure, registry);
  const histogram = new Histogram(options);
  const get = async (): Promise<Shown> => ({
    name: options.name,
    help: options.help,
    type: 'histogram',
    aggregator: 'sum',
    values: read().flatMap((sample) => histogramValues(options.name, sample)),
  });
  Object.assign(histogram, { get, getForPromString: get });
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
