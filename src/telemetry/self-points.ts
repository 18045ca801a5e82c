// Delivers the bridge's own metrics as data points, as one more source (`--self-metrics`).

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { floatText } from '../model/number-text.ts';
import type { DataPoint, Deliver, Tags, TimeUnit } from '../model/point.ts';
import { schedule } from '../runtime/schedule.ts';
import { logThrottle } from '../runtime/log-throttle.ts';
import { legalTagText } from '../model/tag-text.ts';
import { type Labels, type Metric, type Sample, samplesOf } from './metrics/metric.ts';
import { metrics } from './metrics/all-metrics.ts';
import type { Snapshot } from './snapshot.ts';
import type { Telemetry } from './telemetry.ts';

interface SelfPointsOptions extends SelfPointNames {
  readonly everyMs: number;
  readonly snapshot: () => Promise<Snapshot>;
  readonly spool: { readonly append: Deliver };
  readonly counters: Pick<Telemetry, 'source'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface SelfPointNames {
  /** The first part of every metric name, without a dot at its end. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  /** The tag `host` of every point; `unknown` if absent. */
  readonly host?: string | undefined;
}

/** Above this share of the spool only other sources may fill it. */
const maxSpoolShare = 1 / 2;

/** Delivers a point for every sample at each interval until the signal. Points that cannot be delivered are skipped. */
export async function deliverSelfPoints(options: SelfPointsOptions, signal: AbortSignal): Promise<void> {
  const { spool, counters, log } = options;
  const deliver = counters.source('bridge', spool.append);
  const throttle = logThrottle(options.clock);
  const skip = (reason: string): void =>
    throttle((times) => log.warn({ reason, times }, "the bridge's own metrics are not delivered"));
  async function task(): Promise<void> {
    const snapshot = await options.snapshot();
    const { waitingBytes, maxBytes } = snapshot.spool;
    if (waitingBytes > maxBytes * maxSpoolShare) return skip('the spool is more than half full');
    await deliver(selfPoints(snapshot, options)).catch((error: Error) => skip(error.message));
  }
  await schedule("deliver the bridge's own metrics", task, { ...options, signal });
}

/** One point for each sample; a histogram becomes its count and its sum. */
export function selfPoints(snapshot: Snapshot, { prefix, resolution, host = '' }: SelfPointNames): DataPoint[] {
  const timestamp = resolution === 'ms' ? snapshot.atMs : Math.floor(snapshot.atMs / 1000);
  return metrics.flatMap((metric) =>
    samplesByName(metric, snapshot).flatMap(([name, samples]) =>
      samples.map(({ labels, value }) => ({
        metric: `${prefix}.${name}`,
        timestamp,
        unit: resolution,
        value: floatText(value),
        tags: tagsOf({ host, ...labels }),
      })),
    ),
  );
}

function samplesByName(metric: Metric, snapshot: Snapshot): [name: string, samples: readonly Sample[]][] {
  const { name } = metric;
  if (metric.type !== 'histogram') return [[name, samplesOf(metric.read(snapshot))]];
  const histograms = metric.read(snapshot);
  return [
    [`${name}_count`, histograms.map(({ labels, value }) => ({ labels, value: value.count }))],
    [`${name}_sum`, histograms.map(({ labels, value }) => ({ labels, value: value.sumSeconds }))],
  ];
}

/** OpenTSDB needs at least one tag, and a value for each tag. */
function tagsOf(labels: Labels): Tags {
  return Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, legalTagText(text) ?? 'unknown']));
}
