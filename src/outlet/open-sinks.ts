// The sinks that the configuration asks for.

import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import type { ReplaceableSink } from './replaceable-sink.ts';
import type { Log } from '../runtime/log.ts';
import type { Sink } from '../model/sink.ts';

export interface ConfiguredSink {
  readonly sink: Sink;
  /** Whether everything waits for it, and pushes are refused when too much does. */
  readonly isRequired: boolean;
}

/** A batch that is not full goes so long after the one before it at the earliest, so that few large requests carry what many small ones would. */
export const lingerMs = 20;

/** The sinks, read in where they are configured; they connect when they are first written to. */
export async function openSinks(
  { tsdb, graphite, file }: Pick<Config, 'tsdb' | 'graphite' | 'file'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<readonly ConfiguredSink[]> {
  const required: Sink[] = [];
  if (file !== undefined) required.push((await import('../sinks/file.ts')).fileSink({ ...file, log }));
  if (tsdb.isOn && tsdb.put === 'telnet')
    required.push((await import('../sinks/opentsdb/telnet/telnet-sink.ts')).openTsdbTelnet({ ...tsdb, clock, log }));
  else if (tsdb.isOn)
    required.push((await import('../sinks/opentsdb/http/http-sink.ts')).openTsdbHttp({ ...tsdb, clock, log }));
  const carbons =
    graphite === undefined
      ? []
      : (await import('../sinks/graphite/graphite.ts')).graphiteSinks({ ...graphite, clock, log });
  return [
    ...required.map((sink) => ({ sink, isRequired: true })),
    ...carbons.map((sink) => ({ sink, isRequired: graphite?.isRequired === true })),
  ];
}

/** The names of these sinks, in the same order, without opening them. */
export function sinkNames({
  tsdb,
  graphite,
  file,
}: Pick<Config, 'tsdb' | 'graphite' | 'file'>): readonly { readonly name: string; readonly isRequired: boolean }[] {
  const required = [...(file === undefined ? [] : ['file']), ...(tsdb.isOn ? [exchangeableName] : [])];
  const carbons =
    graphite?.destinations.map(({ host, port }) => `graphite:${host.includes(':') ? `[${host}]` : host}:${port}`) ?? [];
  return [
    ...required.map((name) => ({ name, isRequired: true })),
    ...carbons.map((name) => ({ name, isRequired: graphite?.isRequired === true })),
  ];
}

/** The only sink that can be another one while the bridge runs. */
const exchangeableName = 'opentsdb';

/** Returns what has the points go to another OpenTSDB; of the sinks that are opened for it, the others are closed. */
export function replaceSinks(present: readonly ReplaceableSink[], next: readonly ConfiguredSink[]): () => void {
  return () => {
    const sink = present.find(({ name }) => name === exchangeableName);
    for (const each of next) {
      if (sink !== undefined && each.sink.name === exchangeableName) sink.replace(each.sink);
      else void each.sink.close();
    }
  };
}
