// The example of docs/embedding.md: a source whose points wait in a spool until OpenTSDB and Graphite accept them.

import type { Clock } from 'catchpoint-opentsdb-bridge/clock';
import type { Log } from 'catchpoint-opentsdb-bridge/log';
import { outlet } from 'catchpoint-opentsdb-bridge/outlet';
import type { DataPoint, Deliver } from 'catchpoint-opentsdb-bridge/point';
import type { Sink } from 'catchpoint-opentsdb-bridge/sink';
import { graphiteSinks } from 'catchpoint-opentsdb-bridge/sinks/graphite';
import { openTsdbHttp } from 'catchpoint-opentsdb-bridge/sinks/opentsdb-http';
import { openSpool } from 'catchpoint-opentsdb-bridge/spool';

// <example>
interface Options {
  readonly directory: string;
  readonly tsdb: string;
  readonly carbon: { readonly host: string; readonly port: number };
  readonly clock: Clock; // systemClock() of …/clock
  readonly log: Log; //     openLog(…) of …/log
}

/** Delivers the points of `source` until the signal aborts. Points left then wait for the next start. */
export async function thermometers(
  source: (deliver: Deliver) => Promise<void>,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const { directory, tsdb, carbon, clock, log } = options;
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, clock });
  const sinks: Sink[] = [
    openTsdbHttp({ urls: [tsdb], clock, log }),
    ...graphiteSinks({ destinations: [carbon], names: 'dotted', clock, log }),
  ];
  // A new sink receives the points that are delivered after the creation of its reader.
  const readers = await Promise.all(sinks.map((sink) => spool.reader(sink.name)));
  const outlets = readers.map((reader, index) =>
    outlet({ reader, sink: sinks[index] as Sink, clock, random: Math.random, log }),
  );
  const running = outlets.map((each) => each.run(signal));
  await source(spool.append);
  await Promise.all(running);
  for (const sink of sinks) await sink.close();
  await spool.close();
}

/** Delivers a reading. Once `deliver` has resolved the point is on disk, and the source may acknowledge it. */
export async function read(room: string, celsius: number, seconds: number, deliver: Deliver): Promise<void> {
  const point: DataPoint = {
    metric: 'room.celsius',
    timestamp: seconds,
    unit: 's',
    value: celsius.toFixed(1),
    tags: { room },
  };
  await deliver([point], { run: { key: `${room}@${seconds}`, digest: point.value } });
}
// </example>
