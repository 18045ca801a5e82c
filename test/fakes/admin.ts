// The administration of a spool with letters and a sample, in this process and over HTTP.

import Router from '@koa/router';
import type { ExecutionContext } from 'ava';
import { administration } from '../../src/admin/administration.ts';
import { adminEndpoint, type AdminEndpoint } from '../../src/admin/admin-endpoint.ts';
import { readAdminFile } from '../../src/admin/admin-file.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { LetterRetry } from '../../src/model/point.ts';
import { application, listen } from '../../src/http/server.ts';
import { temporaryDirectory } from './directory.ts';
import { lettersOf, readSpool, rejected } from './letters.ts';
import { until } from './until.ts';
import { points } from './points.ts';

/** Makes letters `rejected` ("Unknown metric" and "Too many tags") and `implausible-time`, and a sample `garbage`. */
export async function keptLetters(t: ExecutionContext, retryLetter: LetterRetry = () => undefined) {
  const kept = await readSpool(t, { maxBytes: 1 << 26 });
  const { spool, reader } = kept;
  const [first, second] = points(2) as [ReturnType<typeof points>[number], ReturnType<typeof points>[number]];
  await lettersOf(spool, reader, points(2), [rejected(first), rejected(second, 'Too many tags')]);
  await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw: '{"TestId":1}' } });
  spool.samples.take({ body: Buffer.from('garbage'), reason: 'body: no push', from: '203.0.113.9' });
  await until(() => spool.samples.count() === 1);
  const idOf = (reason: string): string =>
    spool.letters
      .after(undefined)
      .concat(spool.samples.after(undefined))
      .find((one) => one.reason === reason)?.id ?? '';
  return { ...kept, idOf, administration: administration({ spool, retryLetter, clock: kept.clock }) };
}

/** Serves the same over HTTP, with the endpoint's file in a state directory of its own. */
export async function openAdmin(t: ExecutionContext, retryLetter?: LetterRetry) {
  const kept = await keptLetters(t, retryLetter);
  const stateDir = await temporaryDirectory(t);
  const door: AdminEndpoint = await adminEndpoint({ administration: kept.administration, stateDir, log: silentLog() });
  const router = new Router();
  door.mount(router);
  const app = application(silentLog(), systemClock());
  app.use(router.routes()).use(router.allowedMethods());
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close());
  await door.open(listener.url);
  const access = await readAdminFile(stateDir);
  if (access === undefined) throw new Error('the endpoint has written no file');
  const ask = (path: string, init: RequestInit = {}, token = access.token): Promise<Response> =>
    fetch(access.url + path, { ...init, headers: { authorization: `Bearer ${token}`, connection: 'close' } });
  return { ...kept, stateDir, door, access, ask };
}
