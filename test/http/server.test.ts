// Listening, error answers, and closing without dropping a request in flight.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import { connect } from 'node:net';
import { systemClock } from '../../src/runtime/clock.ts';
import { health } from '../../src/telemetry/health.ts';
import { deferred } from '../../src/runtime/deferred.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { application, listen } from '../../src/http/server.ts';
import { until } from '../fakes/until.ts';
import { readLog } from '../fakes/log.ts';

async function listener(t: ExecutionContext, mount: (router: Router) => void) {
  const router = new Router();
  mount(router);
  const app = application(silentLog(), systemClock());
  app.use(router.routes()).use(router.allowedMethods());
  const open = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(() => open.close());
  return open;
}

test('the error for a port in use names the port', async (t) => {
  const first = await listener(t, () => {});
  await t.throwsAsync(listen(application(silentLog(), systemClock()), { host: '127.0.0.1', port: first.port }), {
    name: 'CannotListen',
    message: `cannot listen on 127.0.0.1:${first.port}: the address is in use`,
  });
});

test('closing waits for the request in flight and refuses new ones', async (t) => {
  const working = deferred<void>();
  let isWorking = false;
  const open = await listener(t, (router) =>
    router.post('/', async (context) => {
      isWorking = true;
      await working.promise;
      context.body = 'done';
    }),
  );
  const inFlight = fetch(open.url, { method: 'POST', body: 'x' }).then((response) => response.text());
  await until(() => isWorking);
  const closing = open.close();
  const refused = await new Promise((resolve) =>
    connect(open.port, '127.0.0.1')
      .once('error', resolve)
      .once('connect', () => resolve('taken')),
  );
  t.is((refused as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  working.resolve();
  t.is(await inFlight, 'done');
  await closing;
});

test('/healthz answers with the status', async (t) => {
  const open = await listener(t, (router) => health(router, () => ({ pushes: { taken: 3 } })));
  const answer = await fetch(`${open.url}/healthz`);
  t.deepEqual([answer.status, await answer.json()], [200, { status: 'ok', pushes: { taken: 3 } }]);
});

test('closing does not wait for idle connections, and cut closes a connection with an incomplete request', async (t) => {
  const open = await listener(t, (router) =>
    router.post('/', async (context) => {
      for await (const chunk of context.req) void chunk;
    }),
  );
  const connections = await Promise.all(
    ['', 'POST / HT', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf'].map(async (sent) => {
      const socket = connect(open.port, '127.0.0.1');
      const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()).on('error', () => {}));
      await new Promise<void>((resolve) => socket.write(sent, () => resolve()));
      return { ended };
    }),
  );
  await fetch(`${open.url}/nowhere`);
  const closing = open.close();
  await Promise.all([connections[0]?.ended, connections[1]?.ended]);
  open.cut();
  await connections[2]?.ended;
  await closing;
  t.pass();
});

test('the answer has the request id, and so has the log line of a failure or refusal', async (t) => {
  const { log, lines } = readLog();
  const router = new Router();
  router.get('/fails', () => {
    throw new Error('the disk');
  });
  router.get('/refuses', (context) => context.throw(400, 'no push'));
  const app = application(log, systemClock());
  app.use(router.routes()).use(router.allowedMethods());
  const open = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(() => open.close());
  const idOf = async (path: string, headers = {}): Promise<string> =>
    (await fetch(open.url + path, { headers })).headers.get('x-request-id') ?? '';
  t.is(await idOf('/fails', { 'x-request-id': 'of-a-proxy' }), 'of-a-proxy');
  const replaced = await idOf('/refuses', { 'x-request-id': 'not "sane"' });
  t.regex(replaced, /^[0-9a-f]{12}-1$/);
  t.like(lines(), {
    0: { requestId: 'of-a-proxy', times: 1, reason: 'the disk', msg: 'requests fail' },
    2: { requestId: replaced, status: 400, reason: 'no push', msg: 'a request is refused' },
  });
});

test('OPTIONS and unsupported methods are not answered 200', async (t) => {
  const { url } = await listener(t, (router) => router.post('/', (context) => void (context.body = 'taken')));
  const request = (method: string): Promise<Response> => fetch(url, { method, headers: { connection: 'close' } });
  const answers = await Promise.all(['OPTIONS', 'GET', 'PROPFIND', 'POST'].map(request));
  t.deepEqual(
    answers.map(({ status }) => status),
    [204, 405, 501, 200],
  );
  t.is(answers[0]?.headers.get('allow'), 'POST');
});
