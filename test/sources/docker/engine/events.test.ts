// The stream of container events, as engines of all versions and Podman send it.

import test, { type ExecutionContext } from 'ava';
import { refusedByProxy } from '../../../../src/simulator/docker/faults.ts';
import type { ContainerEvent, Engine } from '../../../../src/sources/docker/engine/engine.ts';
import { until } from '../../../fakes/until.ts';
import { client, connected, engineOf, lasting, messageFrom, recorded, served } from './opened.ts';

async function all(events: AsyncIterable<ContainerEvent>): Promise<ContainerEvent[]> {
  const seen: ContainerEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

/** The next events of a stream that goes on. */
async function take(events: AsyncIterator<ContainerEvent>, count: number): Promise<ContainerEvent[]> {
  const seen: ContainerEvent[] = [];
  while (seen.length < count) seen.push((await events.next()).value as ContainerEvent);
  return seen;
}

/** A client of an engine whose stream of events is these bytes, in these pieces. */
async function streaming(
  t: ExecutionContext,
  pieces: readonly (string | Buffer)[],
  apiVersion = '1.41',
): Promise<Engine> {
  const url = await served(
    t,
    engineOf(apiVersion, (_, response) => {
      for (const piece of pieces) response.write(piece);
      response.end();
    }),
  );
  const { engine } = client(t, { url });
  await engine.connect(lasting);
  return engine;
}

test('the recorded events of Docker 20.10 are understood', async (t) => {
  const engine = await streaming(t, [recorded('events.ndjson')]);
  const seen = await all(engine.events(undefined, lasting));
  t.deepEqual(
    seen.map(({ name, action }) => `${name} ${action}`),
    [
      'my.container.name.service create',
      'my.container.name.service start',
      'worker-7 create',
      'worker-7 start',
      'stopped create',
      'stopped attach',
      'stopped start',
      'stopped die',
    ],
  );
  t.deepEqual(seen[0], {
    id: '39dda15e334efaa76584c8a4b9a280870042a1e11c2f989d95fb1f21561141c5',
    name: 'my.container.name.service',
    action: 'create',
    atMs: 1796035450382,
    atNs: '1796035450382048030',
    exitCode: undefined,
    labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
    image: 'bb:1',
  });
  t.is(seen.at(-1)?.exitCode, '0');
});

test('events may be split anywhere, and lines may be empty', async (t) => {
  const line = '{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":{"name":"é€😀"}},"timeNano":1}';
  const bytes = Buffer.from(`\r\n${line}\r\n\n${line}`);
  const engine = await streaming(
    t,
    [...bytes].map((byte) => Buffer.of(byte)),
  );
  t.deepEqual(
    (await all(engine.events(undefined, lasting))).map(({ name }) => name),
    ['é€😀', 'é€😀'],
  );
});

test('events come as they happen, and after those since a time', async (t) => {
  const { engine, docker } = await connected(t, { containers: [{ name: 'a', labels: { x: 'y' } }, { name: 'b' }] });
  docker.kill('a');
  const [kill, die] = await take(engine.events('1', lasting)[Symbol.asyncIterator](), 2);
  t.like(kill, { action: 'kill', name: 'a', labels: { x: 'y' }, exitCode: undefined });
  t.like(die, { action: 'die', name: 'a', labels: { x: 'y' }, exitCode: '137' });

  const controller = new AbortController();
  const resumed = engine.events(die?.atNs, controller.signal)[Symbol.asyncIterator]();
  t.deepEqual(await take(resumed, 1), [die as ContainerEvent]);
  docker.oom('b');
  t.deepEqual(
    (await take(resumed, 2)).map(({ action, name, exitCode }) => [action, name, exitCode]),
    [
      ['oom', 'b', undefined],
      ['die', 'b', '137'],
    ],
  );
  controller.abort(new Error('enough'));
  await t.throwsAsync(resumed.next(), { message: 'enough' });
});

test('the request names the time and the type', async (t) => {
  const { engine, docker } = await connected(t);
  const iterator = engine.events('1796035450012048030', lasting)[Symbol.asyncIterator]();
  void iterator.next().catch(() => {});
  await until(() => docker.eventReaders() === 1);
  const { searchParams } = new URL(docker.calls.at(-1)?.path ?? '', 'http://engine');
  t.deepEqual(
    [...searchParams],
    [
      ['since', '1796035450.012048030'],
      ['filters', '{"type":["container"]}'],
    ],
  );
});

test('an abort closes the connection at once, also while nothing happens', async (t) => {
  const { engine, docker } = await connected(t);
  const controller = new AbortController();
  const next = engine.events(undefined, controller.signal)[Symbol.asyncIterator]().next();
  await until(() => docker.eventReaders() === 1);
  controller.abort(new Error('stopped'));
  await t.throwsAsync(next, { message: 'stopped' });
  await until(() => docker.eventReaders() === 0);
});

test('a reader that leaves closes the connection', async (t) => {
  const { engine, docker } = await connected(t);
  docker.kill('container-1');
  for await (const { action } of engine.events('1', lasting)) {
    t.is(action, 'kill');
    break;
  }
  await until(() => docker.eventReaders() === 0);
});

test('a stream in which nothing happens does not time out', async (t) => {
  const { engine, docker, clock } = await connected(t);
  const next = engine.events(undefined, lasting)[Symbol.asyncIterator]().next();
  await until(() => docker.eventReaders() === 1);
  // The head of the answer is read in a turn of its own.
  await until(() => clock.sleepers() === 0);
  await clock.advance(24 * 3_600_000);
  docker.kill('container-1');
  t.is((await next).value?.action, 'kill');
});

test('an engine that answers nothing at all times out', async (t) => {
  const { engine, docker, clock } = await connected(t, { fault: (path) => (path === '/events' ? 'hang' : undefined) });
  const next = messageFrom(t, () => engine.events(undefined, lasting)[Symbol.asyncIterator]().next());
  await until(() => docker.openCalls() === 1);
  await clock.advance(32_000);
  t.is(await next, 'GET /v1.52/events: no answer within 32 s');
  await until(() => docker.openCalls() === 0);
});

test('an engine that goes away ends the stream with an error', async (t) => {
  const { engine, docker } = await connected(t);
  const next = messageFrom(t, () => engine.events(undefined, lasting)[Symbol.asyncIterator]().next());
  await until(() => docker.eventReaders() === 1);
  await docker.halt();
  t.regex(await next, /^GET \/v1\.52\/events: .* closed the connection before the end of the answer$/);
});

test('a proxy that refuses /events is an error with its status', async (t) => {
  const { engine } = await connected(t, { fault: (path) => (path === '/events' ? refusedByProxy : undefined) });
  const error = await t.throwsAsync(() => all(engine.events(undefined, lasting)));
  t.like(error, { name: 'EngineError', status: 403 });
});

for (const [line, found] of [
  ['{"Type":', 'expected JSON, found {"Type":'],
  ['[]', 'expected an event, found []'],
  ['{"Type":"container","Action":"start"}', 'expected an event, found {"Type":"container","Action":"start"}'],
  ['{"Type":"container","time":1}', 'expected an event, found {"Type":"container","time":1}'],
] as const) {
  test(`a line that is no event ends the stream: ${line}`, async (t) => {
    const engine = await streaming(t, [`${line}\n`]);
    t.is(await messageFrom(t, () => all(engine.events(undefined, lasting))), `GET /v1.41/events: ${found}`);
  });
}

test('a line of more than a mebibyte ends the stream', async (t) => {
  const engine = await streaming(
    t,
    Array.from({ length: 1025 }, () => 'x'.repeat(1024)),
  );
  t.is(
    await messageFrom(t, () => all(engine.events(undefined, lasting))),
    'GET /v1.41/events: expected lines of at most 1048576 bytes, found a longer one',
  );
});

test('before API 1.22 an event has status, id, from and time, and images have no from', async (t) => {
  const { engine, docker } = await connected(t, { apiVersion: '1.20', minApiVersion: '1.0' });
  docker.kill('container-1');
  const [kill] = await take(engine.events('1000000000', lasting)[Symbol.asyncIterator](), 1);
  const [{ id } = { id: '' }] = docker.containers();
  t.deepEqual(kill, {
    id,
    name: id,
    action: 'kill',
    atMs: docker.clock.now(),
    atNs: `${docker.clock.now()}000000`,
    exitCode: undefined,
    labels: {},
    image: 'busybox:1',
  });
  t.is(docker.calls.at(-1)?.path, '/v1.20/events?since=1');
  const lines = ['{"status":"untag","id":"c1","time":7}', '{"status":"die","id":"c2","from":"bb:1","time":7}'];
  const old = await streaming(t, [lines.join('\n')], '1.17');
  t.deepEqual(
    (await all(old.events(undefined, lasting))).map(({ action, id, atNs }) => [action, id, atNs]),
    [['die', 'c2', '7000000000']],
  );
});

test('from API 1.52 on an event has no status, id and from', async (t) => {
  const { engine, docker } = await connected(t);
  docker.crash('container-1', 3);
  const [die] = await take(engine.events('1', lasting)[Symbol.asyncIterator](), 1);
  t.like(die, { name: 'container-1', action: 'die', exitCode: '3', image: 'busybox:1' });
});

test('a stream of an engine that repeats a whole second begins at the time that was asked for', async (t) => {
  const event = (action: string, timeNano: string): string =>
    `{"Type":"container","Action":"${action}","Actor":{"ID":"a"},"timeNano":${timeNano}}`;
  const lines = [event('start', '5000000001'), event('die', '5000000002'), event('stop', '5000000003')];
  const engine = await streaming(t, [lines.join('\n')]);
  t.deepEqual(
    (await all(engine.events('5000000002', lasting))).map(({ action }) => action),
    ['die', 'stop'],
  );
});

test("Podman's names are Docker's, and only the end of a container has an exit code", async (t) => {
  const event = (action: string, code: number): string =>
    `{"status":"${action}","Type":"container","Action":"${action}","Actor":{"ID":"a","Attributes":{"containerExitCode":"${code}","image":"localhost/bb:1","name":"p","podId":"","x":"y"}},"time":7,"timeNano":7000000001}`;
  const refresh =
    '{"status":"refresh","Type":"system","Action":"refresh","Actor":{"ID":"","Attributes":{}},"timeNano":7}';
  const engine = await streaming(t, [[refresh, event('start', 0), event('died', 3), event('remove', 0)].join('\n')]);
  t.deepEqual(
    (await all(engine.events(undefined, lasting))).map(({ action, exitCode, labels }) => [action, exitCode, labels]),
    [
      ['start', undefined, { x: 'y' }],
      ['die', '3', { x: 'y' }],
      ['destroy', undefined, { x: 'y' }],
    ],
  );
});

test('the command of an exec is not passed on', async (t) => {
  const line = '{"Type":"container","Action":"exec_create: sh -c hunter2","Actor":{"ID":"a"},"timeNano":7}';
  const engine = await streaming(t, [line]);
  t.deepEqual(
    (await all(engine.events(undefined, lasting))).map(({ action }) => action),
    ['exec_create'],
  );
});
