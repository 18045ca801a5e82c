// Runs an outlet for each configured sink, on the main thread. (thread/host.ts runs them in the outlet thread.) The spool
// holds points for a required sink until it accepts them, for an optional one within a budget.

import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import type { AnnotationCounts, Sink } from '../model/sink.ts';
import type { Budget } from '../spool/readers/budgets.ts';
import type { Spool } from '../spool/spool.ts';
import { lingerMs } from './linger.ts';
import { type ConfiguredSink, openSinks, prepareSink } from './open-sinks.ts';
import { outlet, type Outlet, type OutletStatus } from './outlet.ts';
import { replaceableSink, type ReplaceableSink } from './replaceable-sink.ts';

export interface SinkStatus extends OutletStatus {
  readonly isRequired: boolean;
  /** Points that an optional sink has ever missed because its budget was used up. */
  readonly skipped: number;
  /** Undefined for a sink without annotations. */
  readonly annotations?: AnnotationCounts;
}

export interface Outlets {
  /** Runs all outlets until the signal aborts; rejects if one of them fails. */
  run(signal: AbortSignal): Promise<void>;
  status(): readonly SinkStatus[];
  /** Opens OpenTSDB's sink for another configuration. The returned function puts it into effect. */
  prepare(next: Config): Promise<() => void>;
  /** Reports whether every sink has no points left, or fails. */
  isIdle(): boolean;
  /** The number of restarts of the outlet thread; undefined on the main thread. */
  restarts?(): number;
}

export interface OutletsOptions {
  readonly config: Config;
  readonly spool: Pick<Spool, 'reader'>;
  /** The spool's bound; an optional sink's budget defaults to a quarter of it. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Receives each sink's `close`, which must follow the end of its outlet. */
  readonly releases: (() => Promise<unknown>)[];
  /** Wraps each sink, to count its writes. */
  readonly countWrites?: (sink: Sink) => Sink;
}

const optionalShare = 1 / 4;

export function budgetOf({ optional }: Config, maxBytes: number): Budget {
  return { maxBytes: optional.maxBytes ?? maxBytes * optionalShare, maxAgeMs: optional.maxAgeMs };
}

export async function openOutlets(options: OutletsOptions): Promise<Outlets> {
  const { config, spool, maxBytes, releases, countWrites = (sink) => sink, ...context } = options;
  const budget = budgetOf(config, maxBytes);
  const outlets: (ConfiguredSink & Outlet & { readonly replaceable: ReplaceableSink; skippedPoints(): number })[] = [];
  for (const { sink: opened, isRequired } of await openSinks(config, context)) {
    const replaceable = replaceableSink(opened);
    const sink = countWrites(replaceable);
    releases.push(sink.close);
    const reader = await spool.reader(sink.name, isRequired ? undefined : budget);
    const { skippedPoints } = reader;
    outlets.push({ sink, replaceable, isRequired, skippedPoints, ...outlet({ reader, sink, ...context, lingerMs }) });
  }
  const replaceables = outlets.map(({ replaceable }) => replaceable);
  return {
    async run(signal) {
      await Promise.all(outlets.map((each) => each.run(signal)));
    },
    prepare: (next) => prepareSink(replaceables, next, context),
    status: () =>
      outlets.map(({ status, isRequired, skippedPoints, replaceable: { annotations } }) => ({
        ...status(),
        isRequired,
        skipped: skippedPoints(),
        ...(annotations && { annotations: annotations() }),
      })),
    isIdle: () => isIdle(outlets.map((each) => each.status())),
  };
}

/** Reports whether every sink has no points left, or fails. */
export function isIdle(sinks: readonly OutletStatus[]): boolean {
  return sinks.every(({ lastError, backlog, inFlight }) => lastError !== undefined || backlog.points + inFlight === 0);
}
