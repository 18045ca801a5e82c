// What the client says when an engine answers wrongly, late or not at all.

import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { refusedByProxy, type Fault } from '../../../../src/simulator/docker/faults.ts';
import { EngineError } from '../../../../src/sources/docker/engine/engine.ts';
import { engineError } from '../../../../src/sources/docker/engine/failure.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { freePort } from '../../../fakes/free-port.ts';
import { until } from '../../../fakes/until.ts';
import { client, connected, engineOf, lasting, messageFrom, served } from './opened.ts';

const list = 'GET /v1.52/containers/json';

for (const [title, fault, message] of [
  ['JSON', { status: 500, body: '{"message":"layer does not\\nexist"}' }, '500: layer does not exist'],
  ['plain text', { status: 500, body: 'layer does not exist\n' }, '500: layer does not exist'],
  ['nothing', { status: 503, body: '' }, '503: nothing'],
  ['a long text', { status: 500, body: 'x'.repeat(5000) }, `500: ${'x'.repeat(200)}…`],
  [
    'a page of a proxy',
    refusedByProxy,
    '403: <html><body><h1>403 Forbidden</h1> Request forbidden by administrative rules. </body></html>',
  ],
  ['no JSON', { status: 200, body: '<html>' }, 'expected JSON, found <html>'],
] as const) {
  test(`an error is told with the engine's message: ${title}`, async (t) => {
    const { engine } = await connected(t, { fault: (path) => (path === '/containers/json' ? fault : undefined) });
    t.is(await messageFrom(t, () => engine.containers(lasting)), `${list}: ${message}`);
  });
}

test('an error has the status of the answer', async (t) => {
  const fault: Fault = { status: 418, body: '' };
  const { engine } = await connected(t, { fault: (path) => (path.startsWith('/containers') ? fault : undefined) });
  for (const work of [engine.containers(lasting), engine.details('x', lasting), engine.stats('x', lasting)]) {
    t.is((await t.throwsAsync(work, { instanceOf: EngineError }))?.status, 418);
  }
});

test('a redirect is an error and is not followed', async (t) => {
  const headers = { Location: 'http://me:hunter2@elsewhere/login' };
  const { engine, docker } = await connected(t, {
    fault: (path) => (path === '/containers/json' ? { status: 301, body: '', headers } : undefined),
  });
  const before = docker.calls.length;
  t.is(
    await messageFrom(t, () => engine.containers(lasting)),
    `${list}: 301: redirected to http://***@elsewhere/login; an engine does not redirect`,
  );
  t.is(docker.calls.length, before + 1);
});

test('an engine that hangs times out, and the connection closes', async (t) => {
  const { engine, docker, clock } = await connected(t, {
    fault: (path) => (path === '/containers/json' ? 'hang' : undefined),
  });
  const listing = messageFrom(t, () => engine.containers(lasting));
  await until(() => docker.openCalls() === 1);
  await clock.advance(32_000);
  t.is(await listing, `${list}: no answer within 32 s`);
  await until(() => docker.openCalls() === 0);
});

test('an engine that hangs in the middle of an answer times out', async (t) => {
  let isBegun = false;
  const url = await served(
    t,
    engineOf('1.52', (_, response) => response.write('[', () => void (isBegun = true))),
  );
  const { engine, clock } = client(t, { url });
  await engine.connect(lasting);
  const listing = messageFrom(t, () => engine.containers(lasting));
  await until(() => isBegun);
  await clock.advance(32_000);
  t.is(await listing, `${list}: no answer within 32 s`);
});

test('an aborted request rejects with the reason of its signal, and the connection closes', async (t) => {
  const { engine, docker } = await connected(t, {
    fault: (path) => (path === '/containers/json' ? 'hang' : undefined),
  });
  const controller = new AbortController();
  const listing = engine.containers(controller.signal);
  await until(() => docker.openCalls() === 1);
  controller.abort(new Error('stopped'));
  await t.throwsAsync(listing, { message: 'stopped' });
  await until(() => docker.openCalls() === 0);
});

test('one container that hangs delays no other', async (t) => {
  const { engine, docker, clock } = await connected(t, {
    containers: 3,
    fault: (path) => (path.includes('container-2') ? 'hang' : undefined),
  });
  const hanging = messageFrom(t, () => engine.stats('container-2', lasting));
  t.truthy(await engine.stats('container-1', lasting));
  t.truthy(await engine.stats('container-3', lasting));
  await until(() => docker.openCalls() === 1);
  await clock.advance(32_000);
  t.is(await hanging, 'GET /v1.52/containers/container-2/stats: no answer within 32 s');
});

for (const fault of ['reset', 'cut'] as const) {
  for (const isSocket of [true, false]) {
    test(`a connection that breaks is an error: ${fault}, ${isSocket ? 'unix socket' : 'TCP'}`, async (t) => {
      const listen = isSocket ? `${await temporaryDirectory(t)}/docker.sock` : 0;
      const { engine } = await connected(t, {
        listen,
        fault: (path) => (path.endsWith('/stats') ? fault : undefined),
      });
      t.regex(
        await messageFrom(t, () => engine.stats('container-1', lasting)),
        /^GET \/v1\.52\/containers\/container-1\/stats: .* closed the connection before the end of the answer$/,
      );
    });
  }
}

test('an idle connection that the peer closes is replaced', async (t) => {
  const perConnection = new WeakMap<object, number>();
  let broken = 0;
  const url = await served(
    t,
    engineOf('1.52', (request, response) => {
      const count = (perConnection.get(request.socket) ?? 0) + 1;
      perConnection.set(request.socket, count);
      if (count === 1) return void response.end('[]');
      broken += 1;
      request.socket.destroy();
    }),
  );
  const { engine } = client(t, { url });
  await engine.connect(lasting);
  t.deepEqual(await engine.containers(lasting), []);
  t.deepEqual(await engine.containers(lasting), []);
  t.is(broken, 1);
});

test('connections are kept between requests, and close with the client', async (t) => {
  const { engine, docker } = await connected(t);
  for (let count = 0; count < 5; count += 1) await engine.containers(lasting);
  t.is(await docker.connections(), 1);
  engine.close();
  while ((await docker.connections()) > 0) await new Promise((resolve) => setImmediate(resolve));
  t.is(await messageFrom(t, () => engine.containers(lasting)), `${docker.url}: not connected`);
});

test('another connect closes the connections of the one before, once they are idle', async (t) => {
  const { engine, docker } = await connected(t);
  const events = new AbortController();
  const next = engine.events(undefined, events.signal)[Symbol.asyncIterator]().next();
  await until(() => docker.eventReaders() === 1);
  await engine.connect(lasting);
  while ((await docker.connections()) > 2) await new Promise((resolve) => setImmediate(resolve));
  t.is(docker.eventReaders(), 1);
  events.abort(new Error('enough'));
  await t.throwsAsync(next, { message: 'enough' });
  while ((await docker.connections()) > 1) await new Promise((resolve) => setImmediate(resolve));
  t.is((await engine.containers(lasting)).length, 1);
});

test('a sample of more than a mebibyte is refused', async (t) => {
  const body = `{"read":"${'x'.repeat(1024 * 1024)}"}`;
  const { engine } = await connected(t, {
    fault: (path) => (path.endsWith('/stats') ? { status: 200, body } : undefined),
  });
  t.is(
    await messageFrom(t, () => engine.stats('x', lasting)),
    'GET /v1.52/containers/x/stats: expected an answer of at most 1048576 bytes, found a longer one',
  );
});

test('a first sample of more than a mebibyte is refused before API 1.19', async (t) => {
  const url = await served(
    t,
    engineOf('1.18', (_, response) => response.end(`{"read":"${'x'.repeat(1024 * 1024)}`)),
  );
  const { engine } = client(t, { url });
  await engine.connect(lasting);
  t.is(
    await messageFrom(t, () => engine.stats('x', lasting)),
    'GET /v1.18/containers/x/stats: expected at most 1048576 bytes, found more',
  );
});

test('a listing of a thousand containers is read', async (t) => {
  const { engine } = await connected(t, { containers: 1000 });
  t.is((await engine.containers(lasting)).length, 1000);
});

test('no engine at a port', async (t) => {
  const port = await freePort();
  const { engine } = client(t, { url: `tcp://me:hunter2@127.0.0.1:${port}` });
  t.is(await messageFrom(t, () => engine.connect(lasting)), `GET /_ping: no engine listens at 127.0.0.1:${port}`);
});

test('no socket, and a file that is none', async (t) => {
  const directory = await temporaryDirectory(t);
  const missing = client(t, { url: `unix://${directory}/docker.sock` });
  t.is(
    await messageFrom(t, () => missing.engine.connect(lasting)),
    `GET /_ping: there is no engine at ${directory}/docker.sock: no such file`,
  );
  await writeFile(`${directory}/file`, '');
  const file = client(t, { url: `unix://${directory}/file` });
  t.is(await messageFrom(t, () => file.engine.connect(lasting)), `GET /_ping: no engine listens at ${directory}/file`);
});

for (const [code, message] of [
  ['EACCES', 'no permission for /run/docker.sock: the socket is open to root, and mostly to the group docker'],
  ['ENOTFOUND', 'the name of /run/docker.sock has no address'],
  ['EHOSTUNREACH', 'connect failed'],
] as const) {
  test(`why nobody answered: ${code}`, (t) => {
    const error = Object.assign(new Error('connect failed'), { code });
    t.is(engineError('/run/docker.sock', 'GET /_ping', error).message, `GET /_ping: ${message}`);
    const wrapped = Object.assign(new Error('connect failed', { cause: error }), { code: 'ERR_GOT_REQUEST_ERROR' });
    t.is(engineError('/run/docker.sock', 'GET /_ping', wrapped).message, `GET /_ping: ${message}`);
  });
}
