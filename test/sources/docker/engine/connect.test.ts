// The handshake with an engine: over sockets and ports, with proxies before it, and what it tells.

import test from 'ava';
import { refusedByProxy } from '../../../../src/simulator/docker/faults.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { client, lasting, messageFrom, recorded, served, simulated } from './opened.ts';

test('an engine on a unix socket tells its versions, cgroup and name', async (t) => {
  const path = `${await temporaryDirectory(t)}/docker.sock`;
  await simulated(t, { listen: path, cgroupVersion: 2, hostname: 'host-1', version: '29.0.1' });
  const { engine } = client(t, { url: `unix://${path}` });
  t.deepEqual(await engine.connect(lasting), {
    version: '29.0.1',
    apiVersion: '1.52',
    osType: 'linux',
    product: 'Docker',
    cgroupVersion: 2,
    hostname: 'host-1',
  });
  t.is(engine.address, `unix://${path}`);
});

test('a path behind the socket stands before every request', async (t) => {
  const path = `${await temporaryDirectory(t)}/docker.sock`;
  const docker = await simulated(t, { listen: path });
  const { engine } = client(t, { url: `unix://${path}/team` });
  await t.throwsAsync(engine.connect(lasting));
  t.deepEqual(
    docker.calls.map((call) => call.path),
    ['/team/_ping', '/team/version'],
  );
});

test('a colon, a space and a per cent sign in the path of a socket are taken as they are', async (t) => {
  const path = `${await temporaryDirectory(t)}/a b:c%20.sock`;
  await simulated(t, { listen: path });
  t.is((await client(t, { url: `unix://${path}` }).engine.connect(lasting)).apiVersion, '1.52');
});

test('a path before the API of a proxy stands before every request', async (t) => {
  const paths: string[] = [];
  const url = await served(t, (request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(200, { 'Api-Version': '1.41' }).end('{}');
  });
  await client(t, { url: `${url}/docker/` }).engine.connect(lasting);
  t.deepEqual(paths, ['/docker/_ping', '/docker/version', '/docker/v1.41/info']);
});

test('requests carry user and password as Basic auth', async (t) => {
  const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  const docker = await simulated(t, { authorization });
  const url = docker.url.replace('://', '://me:secret@');
  const { engine } = client(t, { url });
  t.is((await engine.connect(lasting)).product, 'Docker');
  t.is((await engine.containers(lasting)).length, 1);
  const wrong = client(t, { url: docker.url.replace('://', '://me:wrong@') });
  t.is(await messageFrom(t, () => wrong.engine.connect(lasting)), 'GET /_ping: 401: 401 Unauthorized');
});

for (const [name, refused, expected] of [
  ['/info', ['/info'], { version: '29.0.1', apiVersion: '1.52', cgroupVersion: undefined, hostname: undefined }],
  ['/version', ['/version'], { version: '29.0.1', apiVersion: '1.52', cgroupVersion: 2, hostname: 'simulated' }],
  ['/_ping', ['/_ping'], { version: '29.0.1', apiVersion: '1.52', cgroupVersion: 2, hostname: 'simulated' }],
] as const) {
  test(`a proxy may refuse ${name}`, async (t) => {
    const docker = await simulated(t, {
      fault: (path) => ((refused as readonly string[]).includes(path) ? refusedByProxy : undefined),
    });
    t.like(await client(t, { url: docker.url }).engine.connect(lasting), expected);
  });
}

test('without /_ping and /version there is no version', async (t) => {
  const docker = await simulated(t, {
    fault: (path) => (path === '/_ping' || path === '/version' ? refusedByProxy : undefined),
  });
  const { engine } = client(t, { url: docker.url });
  const message = await messageFrom(t, () => engine.connect(lasting));
  t.regex(message, /^expected the API version .*found neither; a proxy has to allow one of them$/);
});

test('an engine whose /info fails or hangs is used without it', async (t) => {
  let fault: 'hang' | { status: number; body: string } = { status: 500, body: '{"message":"plugin"}' };
  const docker = await simulated(t, { fault: (path) => (path === '/info' ? fault : undefined) });
  const { engine, clock } = client(t, { url: docker.url });
  t.is((await engine.connect(lasting)).hostname, undefined);
  fault = 'hang';
  const connecting = engine.connect(lasting);
  while (docker.calls.filter((call) => call.path.endsWith('/info')).length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await clock.advance(5000);
  t.is((await connecting).apiVersion, '1.52');
});

test('engines before API 1.25 tell their version in /version alone', async (t) => {
  const docker = await simulated(t, { apiVersion: '1.17', minApiVersion: '1.0', version: '1.5.0' });
  t.like(await client(t, { url: docker.url }).engine.connect(lasting), {
    version: '1.5.0',
    apiVersion: '1.17',
    cgroupVersion: undefined,
  });
});

test('an engine that is too old or too new is refused', async (t) => {
  const old = await simulated(t, { apiVersion: '1.16', minApiVersion: '1.0' });
  const young = await simulated(t, { apiVersion: '1.70', minApiVersion: '1.60' });
  t.regex(await messageFrom(t, () => client(t, { url: old.url }).engine.connect(lasting)), /speaks 1\.16 at most$/);
  t.regex(await messageFrom(t, () => client(t, { url: young.url }).engine.connect(lasting)), /speaks 1\.60 at least$/);
});

test('the recorded answers of Docker 20.10 are understood', async (t) => {
  const docker = await simulated(t, {
    apiVersion: '1.41',
    minApiVersion: '1.12',
    cgroupVersion: 1,
    fault: (path) => (path === '/version' ? { status: 200, body: recorded('version-20.10.json') } : undefined),
  });
  t.like(await client(t, { url: docker.url }).engine.connect(lasting), {
    version: '20.10.24+dfsg1',
    apiVersion: '1.41',
    product: 'Docker',
    cgroupVersion: 1,
  });
});

test('Podman is known by /version, and by its headers alone', async (t) => {
  const version = {
    ApiVersion: '1.41',
    MinAPIVersion: '1.24',
    Components: [{ Name: 'Podman Engine' }],
    Version: '4.3.1',
  };
  const docker = await simulated(t, {
    apiVersion: '1.41',
    fault: (path) => (path === '/version' ? { status: 200, body: JSON.stringify(version) } : undefined),
  });
  t.is((await client(t, { url: docker.url }).engine.connect(lasting)).product, 'Podman');
  const headers = { Server: 'Libpod/4.3.1 (linux)', 'Api-Version': '1.41' };
  const url = await served(t, (request, response) => {
    response.writeHead(request.url === '/_ping' ? 200 : 404, headers).end('OK');
  });
  t.like(await client(t, { url }).engine.connect(lasting), { product: 'Podman', version: '4.3.1' });
});

test('requests before connect are refused', async (t) => {
  const { engine } = client(t, { url: 'http://127.0.0.1:1' });
  t.is(await messageFrom(t, () => engine.containers(lasting)), 'http://127.0.0.1:1: not connected');
});

test('a client connects again to an engine that was away', async (t) => {
  const path = `${await temporaryDirectory(t)}/docker.sock`;
  const docker = await simulated(t, { listen: path });
  const { engine } = client(t, { url: docker.url });
  await engine.connect(lasting);
  await docker.halt();
  t.is(await messageFrom(t, () => engine.connect(lasting)), `GET /_ping: there is no engine at ${path}: no such file`);
  await docker.resume();
  await engine.connect(lasting);
  t.is((await engine.containers(lasting)).length, 1);
});
