// The sinks that the configuration asks for, each with its outlet: what is delivered waits for the required ones, and for the
// others within their budget.

import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import { replaceableSink, type ReplaceableSink } from './replaceable-sink.ts';
import type { Log } from '../runtime/log.ts';
import { outlet, type Outlet, type OutletStatus } from './outlet.ts';
import { type ConfiguredSink, replaceSinks, lingerMs, openSinks } from './open-sinks.ts';
import type { AnnotationCounts, Sink } from '../model/sink.ts';
import type { Budget } from '../spool/readers/budgets.ts';
import type { Spool } from '../spool/spool.ts';

export interface SinkStatus extends OutletStatus {
  readonly isRequired: boolean;
  /** Points that an optional sink has missed, ever, since too much waited for it. */
  readonly skipped: number;
  /** Absent where annotations are never written. */
  readonly annotations?: AnnotationCounts;
}

export interface Outlets {
  /** Runs all of them until the signal; rejects when one of them cannot go on. */
  run(signal: AbortSignal): Promise<void>;
  status(): readonly SinkStatus[];
  /** Opens OpenTSDB's sink anew, and returns what has the points go there. Rejects when it cannot be opened. */
  prepare(next: Config): Promise<() => void>;
  /** Whether nothing waits, or what waits has nowhere to go now. */
  isIdle(): boolean;
  /** How often their thread was started again; absent where they have none. */
  restarts?(): number;
}

export interface OutletsOptions {
  readonly config: Config;
  readonly spool: Pick<Spool, 'reader'>;
  /** The spool's own bound; where no other is set a quarter of it is an optional sink's. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Each sink is closed by one of these, after its outlet has ended. */
  readonly releases: (() => Promise<unknown>)[];
  /** Puts something around each sink, to watch its writes. */
  readonly watched?: (sink: Sink) => Sink;
}

const shareOfOptional = 1 / 4;

/** What may wait for an optional sink. */
export function budgetOf({ optional }: Config, maxBytes: number): Budget {
  return { maxBytes: optional.maxBytes ?? maxBytes * shareOfOptional, maxAgeMs: optional.maxAgeMs };
}

/** Opens the sinks, and a reader of the spool for each. */
export async function openOutlets(options: OutletsOptions): Promise<Outlets> {
  const { config, spool, maxBytes, releases, watched = (sink) => sink, ...ambient } = options;
  const budget = budgetOf(config, maxBytes);
  const outlets: (ConfiguredSink & Outlet & { readonly exchangeable: ReplaceableSink; skippedPoints(): number })[] = [];
  for (const { sink: opened, isRequired } of await openSinks(config, ambient)) {
    const exchangeable = replaceableSink(opened);
    const sink = watched(exchangeable);
    releases.push(sink.close);
    const reader = await spool.reader(sink.name, isRequired ? undefined : budget);
    outlets.push({
      sink,
      exchangeable,
      isRequired,
      ...outlet({ reader, sink, ...ambient, lingerMs }),
      skippedPoints: reader.skippedPoints,
    });
  }
  return {
    async run(signal) {
      await Promise.all(outlets.map((each) => each.run(signal)));
    },
    prepare: async (next) =>
      replaceSinks(
        outlets.map(({ exchangeable }) => exchangeable),
        await openSinks(next, ambient),
      ),
    status: () =>
      outlets.map(({ status, isRequired, skippedPoints, exchangeable: { annotations } }) => ({
        ...status(),
        isRequired,
        skipped: skippedPoints(),
        ...(annotations && { annotations: annotations() }),
      })),
    isIdle: () => isIdle(outlets.map((each) => each.status())),
  };
}

/** Whether nothing waits, or what waits has nowhere to go now. */
export function isIdle(sinks: readonly OutletStatus[]): boolean {
  return sinks.every(({ lastError, backlog, inFlight }) => lastError !== undefined || backlog.points + inFlight === 0);
}
