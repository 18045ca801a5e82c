// The Graphite sinks: one for each Carbon, with a position of its own in the spool.
//
// Each destination is a sink of its own, so that one that is away holds up none of the others, and what waits is written to
// the destination that has missed it and to no other.

import { readFileSync } from 'node:fs';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { DataPoint } from '../../model/point.ts';
import { allAccepted, type Ruling, type Sink, type Verdict } from '../../model/sink.ts';
import { batchLines } from './batch-lines.ts';
import type { CarbonAddress } from './connection.ts';
import { carbonLine } from './line.ts';
import { lineSender, type LineSender } from './line-sender.ts';
import { naming, type Naming, type NamingOptions } from './naming.ts';
import { carbonRing } from './hash-ring.ts';

export interface CarbonDestination extends CarbonAddress {
  /** Carbon's name for one of several processes on a host; part of the hash. */
  readonly instance?: string | undefined;
}

export interface GraphiteOptions {
  readonly destinations: readonly CarbonDestination[];
  /** `all`: every destination gets every point. `hash`: each series has one destination, the one that carbon-relay would choose. Default `all`. */
  readonly routing?: 'all' | 'hash';
  readonly names: NamingOptions['form'];
  readonly template?: NamingOptions['template'];
  readonly omitTags?: readonly string[];
  readonly isTls?: boolean;
  /** A PEM file of the certificate authorities to trust in place of the usual ones. */
  readonly caFile?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const batchPoints = 1_000;

/**
 * The sinks; each connects when points come, and is called `graphite:host:port`.
 *
 * A point is accepted when Carbon has read it; what Carbon then does with it, it tells nobody. With `hash`, a sink accepts points of
 * other destinations without sending them.
 *
 * @throws Error for a template that is none, and the system's for a CA file that cannot be read
 */
export function graphiteSinks(options: GraphiteOptions): readonly Sink[] {
  const { destinations, routing = 'all', names, template, omitTags, isTls = false, caFile, clock, log } = options;
  const nameOf = naming({ form: names, template, ...(omitTags === undefined ? {} : { omitTags }) });
  const tls = isTls ? { ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8') } : undefined;
  const ring = carbonRing(destinations.map(({ host, instance }) => ({ host, instance })));
  return destinations.map(({ host, port }, index) => {
    return carbonSink({
      name: `graphite:${host.includes(':') ? `[${host}]` : host}:${port}`,
      sender: lineSender({ host, port, tls, clock, log }),
      nameOf,
      isOwn: routing === 'all' ? undefined : (series) => ring(series) === index,
      rejects: routing === 'all' || index === 0,
    });
  });
}

interface CarbonSinkOptions {
  readonly name: string;
  readonly sender: LineSender;
  readonly nameOf: Naming;
  /** Whether a series is this destination's; undefined: all are. */
  readonly isOwn: ((name: string) => boolean) | undefined;
  /** Whether it is this one that rejects the points that no destination could take. */
  readonly rejects: boolean;
}

function carbonSink({ name, sender, nameOf, isOwn, rejects }: CarbonSinkOptions): Sink {
  const textOf = batchLines({ nameOf, isOwn });

  function rendered(points: readonly DataPoint[]): { readonly text: string; readonly rejected: readonly Ruling[] } {
    let text = '';
    const rejected: Ruling[] = [];
    for (const point of points) {
      const line = carbonLine(point, nameOf);
      if ('text' in line) text += isOwn === undefined || isOwn(line.name) ? line.text : '';
      else if (rejects) rejected.push({ point, reason: `not sent: ${line.fault}` });
    }
    return { text, rejected };
  }

  async function write(points: readonly DataPoint[], signal: AbortSignal): Promise<Verdict> {
    signal.throwIfAborted();
    const { text, rejected } = rendered(points);
    if (text !== '') await sender.send(text, signal);
    return { rejected, kept: [] };
  }

  return {
    name,
    batchPoints: () => batchPoints,
    write: (points, { signal }) => write(points, signal),
    async writeBatch(batch, { signal }) {
      signal.throwIfAborted();
      const text = textOf(batch.deliveries);
      if (text === undefined) return write(batch.points, signal);
      if (text !== '') await sender.send(text, signal);
      return allAccepted;
    },
    close: sender.close,
  };
}
