// The Graphite sinks, one for each Carbon. Each has its own position in the spool. A Carbon that is down does not delay
// the others, and only that Carbon receives the missed points later.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { DataPoint } from '../../model/point.ts';
import { allAccepted, type Ruling, type Sink, type Verdict } from '../../model/sink.ts';
import { batchLines } from './batch-lines.ts';
import { type CarbonAddress, carbonTls } from './connection.ts';
import { carbonRing } from './hash-ring.ts';
import { carbonLine } from './line.ts';
import { lineSender, type LineSender } from './line-sender.ts';
import { naming, type NamingOptions } from './naming.ts';
import type { LinesOptions } from './series-lines.ts';

export interface CarbonDestination extends CarbonAddress {
  /** Tells several Carbon processes on a host apart; part of the hash. */
  readonly instance?: string | undefined;
}

export interface GraphiteOptions {
  readonly destinations: readonly CarbonDestination[];
  /** `all`: every destination gets every point. `hash`: a series goes to the destination that carbon-relay would choose. Default `all`. */
  readonly routing?: 'all' | 'hash';
  readonly names: NamingOptions['form'];
  readonly template?: NamingOptions['template'];
  readonly omitTags?: readonly string[];
  readonly isTls?: boolean;
  /** A PEM file of certificate authorities to trust instead of those of Node. */
  readonly caFile?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const batchPoints = 1_000;

/**
 * Opens the sinks, named `graphite:host:port`; they connect at the first write. A point is accepted when Carbon has read
 * it: Carbon does not report whether it stores it. With `hash`, a sink accepts points of other destinations unsent.
 *
 * @throws Error for an invalid template, and the system's error for a CA file that cannot be read
 */
export function graphiteSinks(options: GraphiteOptions): readonly Sink[] {
  const { destinations, routing = 'all', names, template, omitTags = [], isTls = false, caFile, clock, log } = options;
  const nameOf = naming({ form: names, template, omitTags });
  const tls = carbonTls(isTls, caFile);
  const ring = carbonRing(destinations);
  return destinations.map(({ host, port }, index) =>
    carbonSink({
      name: `graphite:${host.includes(':') ? `[${host}]` : host}:${port}`,
      sender: lineSender({ host, port, tls, clock, log }),
      nameOf,
      isRoutedHere: routing === 'all' ? undefined : (series) => ring(series) === index,
      rejectsIllegal: routing === 'all' || index === 0,
    }),
  );
}

interface CarbonSinkOptions extends LinesOptions {
  readonly name: string;
  readonly sender: LineSender;
  /** With `hash`, only one destination rejects illegal points, so that none is rejected twice. */
  readonly rejectsIllegal: boolean;
}

function carbonSink({ name, sender, nameOf, isRoutedHere, rejectsIllegal }: CarbonSinkOptions): Sink {
  const renderBatch = batchLines({ nameOf, isRoutedHere });

  async function write(points: readonly DataPoint[], signal: AbortSignal): Promise<Verdict> {
    signal.throwIfAborted();
    let text = '';
    const rejected: Ruling[] = [];
    for (const point of points) {
      const line = carbonLine(point, nameOf);
      if ('text' in line) text += isRoutedHere === undefined || isRoutedHere(line.name) ? line.text : '';
      else if (rejectsIllegal) rejected.push({ point, reason: `not sent: ${line.fault}` });
    }
    if (text !== '') await sender.send(text, signal);
    return { rejected, kept: [] };
  }

  return {
    name,
    batchPoints: () => batchPoints,
    write: (points, { signal }) => write(points, signal),
    async writeBatch(batch, { signal }) {
      signal.throwIfAborted();
      const text = renderBatch(batch.deliveries);
      if (text === undefined) return write(batch.points, signal);
      if (text !== '') await sender.send(text, signal);
      return allAccepted;
    },
    close: sender.close,
  };
}
