// Runs the bridge: PORT=8090 INFLUX=http://127.0.0.1:8181 node main.js

import { systemClock } from 'catchpoint-opentsdb-bridge/clock';
import { openLog } from 'catchpoint-opentsdb-bridge/log';
import { createServer } from 'node:http';
import { runBridge } from './bridge.ts';

const { PORT = '8090', INFLUX = 'http://127.0.0.1:8181', INFLUX_TOKEN: token } = process.env;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
await runBridge(
  {
    directory: 'spool',
    server: createServer(),
    port: Number(PORT),
    influx: { url: INFLUX, database: 'readings', ...(token !== undefined && { token }) },
    clock: systemClock(),
    log: openLog({ level: 'info', format: 'auto', destination: process.stderr }),
  },
  stop.signal,
);
