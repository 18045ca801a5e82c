// Opens the configured sinks, and imports the modules of those only. A new sink needs a line in openSinks, sinkNames and
// sinksOf.

import type { Clock } from '../runtime/clock.ts';
import type { SinksConfig } from '../config/settings/sink-config.ts';
import type { Log } from '../runtime/log.ts';
import type { Sink } from '../model/sink.ts';
import { backstopSinkName } from '../sinks/backstop/publish-address.ts';
import type { ReplaceableSink } from './replaceable-sink.ts';

export interface ConfiguredSink {
  readonly sink: Sink;
  /** The spool holds points for a required sink without bound, and refuses pushes when it is full. */
  readonly isRequired: boolean;
}

interface OpenContext {
  readonly clock: Clock;
  readonly log: Log;
}

/** A sink connects at its first write. */
export async function openSinks(
  { tsdb, graphite, backstopSink, file }: SinksConfig,
  { clock, log }: OpenContext,
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
  const backstops = await openBackstops(backstopSink, { clock, log });
  return [
    ...required.map((sink) => ({ sink, isRequired: true })),
    ...carbons.map((sink) => ({ sink, isRequired: graphite?.isRequired === true })),
    ...backstops.map((sink) => ({ sink, isRequired: backstopSink?.isRequired === true })),
  ];
}

async function openBackstops(config: SinksConfig['backstopSink'], context: OpenContext): Promise<readonly Sink[]> {
  if (config === undefined) return [];
  const { backstopSink } = await import('../sinks/backstop/backstop-sink.ts');
  const { urls, names, caFile } = config;
  return urls.map((url) => backstopSink({ url, names, caFile, ...context }));
}

/** The names of the same sinks in the same order, without opening them. */
export function sinkNames({
  tsdb,
  graphite,
  backstopSink,
  file,
}: SinksConfig): readonly { readonly name: string; readonly isRequired: boolean }[] {
  const required = [...(file === undefined ? [] : ['file']), ...(tsdb.isOn ? [replaceableName] : [])];
  const carbons =
    graphite?.destinations.map(({ host, port }) => `graphite:${host.includes(':') ? `[${host}]` : host}:${port}`) ?? [];
  return [
    ...required.map((name) => ({ name, isRequired: true })),
    ...carbons.map((name) => ({ name, isRequired: graphite?.isRequired === true })),
    ...(backstopSink?.urls ?? []).map((url) => ({
      name: backstopSinkName(url),
      isRequired: backstopSink?.isRequired === true,
    })),
  ];
}

/** The settings of the sinks alone: a message to the outlet thread carries plain values. */
export function sinksOf({ tsdb, graphite, backstopSink, file }: SinksConfig): SinksConfig {
  return structuredClone({ tsdb, graphite, backstopSink, file });
}

/** The only sink that a reload can replace. */
const replaceableName = 'opentsdb';

/** Opens OpenTSDB's sink for another configuration. The function that it returns puts the new sink into effect. */
export async function prepareSink(
  current: readonly ReplaceableSink[],
  next: SinksConfig,
  context: OpenContext,
): Promise<() => void> {
  const opened = await openSinks(next, context);
  return () => {
    const replaceable = current.find(({ name }) => name === replaceableName);
    for (const { sink } of opened) {
      if (replaceable !== undefined && sink.name === replaceableName) replaceable.replace(sink);
      else void sink.close();
    }
  };
}
