// The bridge's own metrics as data points, by the same way as everything else: a source among the others.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { floatText } from '../model/number-text.ts';
import type { DataPoint, Deliver, Tags, TimeUnit } from '../model/point.ts';
import { schedule } from '../runtime/schedule.ts';
import { logThrottle } from '../runtime/log-throttle.ts';
import { legalTagText } from '../model/tag-text.ts';
import { type Labels, type Metric, type Sample, single } from './metrics/metric.ts';
import { metrics } from './metrics/all-metrics.ts';
import type { Snapshot } from './snapshot.ts';
import type { Telemetry } from './telemetry.ts';

export interface SelfPointsOptions {
  /** Undefined: none are wanted. */
  readonly settings: { readonly everyMs: number; readonly prefix: string } | undefined;
  readonly snapshot: () => Promise<Snapshot>;
  readonly spool: { readonly append: Deliver };
  readonly counters: Pick<Telemetry, 'source'>;
  readonly resolution: TimeUnit;
  /** The machine's name. */
  readonly host?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** With the spool so full what comes from outside goes first. */
const shareOfSpool = 1 / 2;

/** Delivers a point for each of them, again and again, until the signal. Those that cannot be delivered are left out. */
export async function deliverSelfPoints(options: SelfPointsOptions, signal: AbortSignal): Promise<void> {
  const { settings, snapshot, spool, counters, resolution, host = '', log } = options;
  if (settings === undefined) return;
  const deliver = counters.source('bridge', spool.append);
  const omissions = logThrottle(options.clock);
  await schedule(
    "deliver the bridge's own metrics",
    async () => {
      const seen = await snapshot();
      const leaveOut = (reason: string): void =>
        omissions((times) => log.warn({ reason, times }, "the bridge's own metrics are not delivered"));
      if (seen.spool.waitingBytes > seen.spool.maxBytes * shareOfSpool)
        return leaveOut('the spool is more than half full');
      await deliver(selfPoints(seen, { prefix: settings.prefix, resolution, host })).catch((error: Error) =>
        leaveOut(error.message),
      );
    },
    { ...options, everyMs: settings.everyMs, signal },
  );
}

export interface SelfPointNames {
  /** What stands before every name, without a dot at its end. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  /** The tag `host` of every point. */
  readonly host: string;
}

/** A point for each sample; of a histogram its count and its sum. */
export function selfPoints(snapshot: Snapshot, { prefix, resolution, host }: SelfPointNames): DataPoint[] {
  const timestamp = resolution === 'ms' ? snapshot.atMs : Math.floor(snapshot.atMs / 1000);
  return metrics.flatMap((measure) =>
    numbersOf(measure, snapshot).flatMap(([name, samples]) =>
      samples.map(({ labels, value }) => ({
        metric: `${prefix}.${name}`,
        timestamp,
        unit: resolution,
        value: floatText(value),
        tags: tagsOf({
          host,
          ...labels,
        }),
      })),
    ),
  );
}

function numbersOf(measure: Metric, snapshot: Snapshot): [name: string, samples: readonly Sample[]][] {
  const { name } = measure;
  if (measure.type !== 'histogram') return [[name, measure.read(snapshot)]];
  const seen = measure.read(snapshot);
  const each = (read: (value: (typeof seen)[number]['value']) => number): Sample[] =>
    seen.flatMap(({ labels, value }) => single(read(value)).map((sample) => ({ ...sample, labels })));
  return [
    [`${name}_count`, each(({ count }) => count)],
    [`${name}_sum`, each(({ sumSeconds }) => sumSeconds)],
  ];
}

/** A point needs a tag, and a tag a value. */
function tagsOf(labels: Labels): Tags {
  return Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, legalTagText(text) ?? 'unknown']));
}
