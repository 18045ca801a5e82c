// A bridge of your own: readings arrive over HTTP, wait in a spool, and an outlet writes them to InfluxDB.

import type { Clock } from 'catchpoint-opentsdb-bridge/clock';
import type { Log } from 'catchpoint-opentsdb-bridge/log';
import { outlet } from 'catchpoint-opentsdb-bridge/outlet';
import { openSpool, type Spool } from 'catchpoint-opentsdb-bridge/spool';
import type { Server } from 'node:http';
import { influxDbSink, type InfluxDbOptions } from './influxdb-sink.ts';
import { readings } from './json-source.ts';

export interface BridgeOptions {
  /** Of the spool. One process at a time may use it. */
  readonly directory: string;
  readonly server: Server;
  readonly port: number;
  readonly influx: Omit<InfluxDbOptions, 'clock'>;
  readonly clock: Clock;
  readonly log: Log;
}

// <example>
/** Runs until the signal. Points that were not delivered by then wait in the spool for the next start. */
export async function runBridge(options: BridgeOptions, signal: AbortSignal): Promise<void> {
  const { directory, server, port, influx, clock, log } = options;
  const spool = await openSpool({ directory, maxBytes: 2 ** 30, clock, log });
  const sink = influxDbSink({ ...influx, clock });
  // The reader of a new sink begins at the end of the spool, so it is opened before the first point is delivered.
  const reader = await spool.reader(sink.name);
  const { run } = outlet({ reader, sink, clock, random: Math.random, log, lingerMs: 20 });
  const diskFailed = spool.failed.then((error) => Promise.reject(error));
  server
    .on('request', readings({ deliver: spool.append, malformed: spool.samples.take, log }))
    .listen(port, '127.0.0.1');
  try {
    await Promise.race([Promise.all([run(signal), tidyEveryMinute(spool, clock, signal)]), diskFailed]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await sink.close();
    await spool.close();
  }
}

/** Writes checkpoints, and forgets the run keys of more than two hours ago. */
async function tidyEveryMinute(spool: Spool, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(60_000, { signal }).catch(() => {});
    await spool.tidy();
  }
}
// </example>
