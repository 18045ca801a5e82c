// The sinks that the configuration asks for, each with its outlet: what is delivered waits for the required ones, and for the
// others within their budget.

import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import { exchangeableSink, type ExchangeableSink } from './exchangeable-sink.ts';
import type { Log } from './log.ts';
import { outlet, type Outlet, type OutletStatus } from './outlet.ts';
import type { AnnotationCounts, Sink } from './sink.ts';
import type { Spool } from './spool/spool.ts';

export interface ConfiguredSink {
  readonly sink: Sink;
  /** Whether everything waits for it, and pushes are refused when too much does. */
  readonly isRequired: boolean;
}

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

/** The sinks, read in where they are configured; they connect when they are first written to. */
export async function openSinks({ tsdb, graphite, file }: Config, { clock, log }: Pick<OutletsOptions, 'clock' | 'log'>): Promise<readonly ConfiguredSink[]> {
  const required: Sink[] = [];
  if (file !== undefined) required.push((await import('./sinks/file.ts')).fileSink({ ...file, log }));
  if (tsdb.isOn && tsdb.put === 'telnet') required.push((await import('./sinks/opentsdb/telnet.ts')).openTsdbTelnet({ ...tsdb, clock, log }));
  else if (tsdb.isOn) required.push((await import('./sinks/opentsdb/http.ts')).openTsdbHttp({ ...tsdb, clock, log }));
  const carbons = graphite === undefined ? [] : (await import('./sinks/graphite/graphite.ts')).graphiteSinks({ ...graphite, clock, log });
  return [
    ...required.map((sink) => ({ sink, isRequired: true })),
    ...carbons.map((sink) => ({ sink, isRequired: graphite?.isRequired === true })),
  ];
}

/** Opens the sinks, and a reader of the spool for each. */
export async function openOutlets(options: OutletsOptions): Promise<Outlets> {
  const { config, spool, maxBytes, releases, watched = (sink) => sink, ...ambient } = options;
  const budget = { maxBytes: config.optional.maxBytes ?? maxBytes * shareOfOptional, maxAgeMs: config.optional.maxAgeMs };
  const outlets: (ConfiguredSink & Outlet & { readonly exchangeable: ExchangeableSink; skippedPoints(): number })[] = [];
  for (const { sink: opened, isRequired } of await openSinks(config, ambient)) {
    const exchangeable = exchangeableSink(opened);
    const sink = watched(exchangeable);
    releases.push(sink.close);
    const reader = await spool.reader(sink.name, isRequired ? undefined : budget);
    outlets.push({ sink, exchangeable, isRequired, ...outlet({ reader, sink, ...ambient }), skippedPoints: reader.skippedPoints });
  }
  return {
    async run(signal) {
      await Promise.all(outlets.map((each) => each.run(signal)));
    },
    prepare: async (next) => exchange(outlets.map(({ exchangeable }) => exchangeable), await openSinks(next, ambient)),
    status: () =>
      outlets.map(({ status, isRequired, skippedPoints, exchangeable: { annotations } }) => ({
        ...{ ...status(), isRequired, skipped: skippedPoints() },
        ...(annotations && { annotations: annotations() }),
      })),
    isIdle: () => outlets.map((each) => each.status()).every(({ lastError, backlog, inFlight }) => lastError !== undefined || backlog.points + inFlight === 0),
  };
}

/** The only sink that can be another one while the bridge runs. */
const exchangeableName = 'opentsdb';

function exchange(present: readonly ExchangeableSink[], next: readonly ConfiguredSink[]): () => void {
  return () => {
    const sink = present.find(({ name }) => name === exchangeableName);
    for (const each of next) {
      if (sink !== undefined && each.sink.name === exchangeableName) sink.exchange(each.sink);
      else void each.sink.close();
    }
  };
}
