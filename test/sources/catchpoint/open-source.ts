// The Catchpoint source over a spool, on a listener of its own.

import Router from '@koa/router';
import type { ExecutionContext } from 'ava';
import { application, listen } from '../../../src/http/server.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { type CatchpointOptions, type NodeApi, openCatchpoint } from '../../../src/sources/catchpoint/catchpoint.ts';
import type { Spool } from '../../../src/spool/spool.ts';
import { defaultSlices } from './samples.ts';

/** An API that refuses connections. */
export const noApi: NodeApi = {
  url: 'http://127.0.0.1:1',
  key: undefined,
  secret: undefined,
  apiKey: undefined,
  nodesFile: undefined,
  refreshHours: 24,
};

export const defaultOptions = {
  slices: defaultSlices,
  timings: false,
  archive: undefined,
  maxBodyBytes: 1 << 20,
  random: () => 0.5,
  log: silentLog(),
} satisfies Partial<CatchpointOptions>;

type SourceOptions = Pick<CatchpointOptions, 'api' | 'stateDir' | 'clock'> & Partial<CatchpointOptions>;

/** `end` stops the source as the bridge does. @param isRefreshing - whether its background tasks run until then */
export async function openSource(t: ExecutionContext, spool: Spool, options: SourceOptions, isRefreshing = true) {
  const catchpoint = await openCatchpoint({
    ...defaultOptions,
    deliver: spool.append,
    parking: spool.parking,
    ...options,
  });
  const router = new Router();
  catchpoint.mount(router);
  const app = application(silentLog(), systemClock());
  app.use(router.routes());
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const running = isRefreshing ? catchpoint.run(stop.signal) : undefined;
  let ended: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    await listener.close();
    stop.abort();
    await (running ?? catchpoint.run(stop.signal));
  };
  const end = (): Promise<void> => (ended ??= stopAll());
  t.teardown(end);
  const send = async (body: string): Promise<number> =>
    (await fetch(listener.url, { method: 'POST', body, headers: { connection: 'close' } })).status;
  return { catchpoint, send, end };
}
