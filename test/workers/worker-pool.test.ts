// The worker pool, with workers that run in this process, each over a pipe of its own.

import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { openAccessControl } from '../../src/auth/access-control.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { PushIntake, UnreadPush } from '../../src/sources/catchpoint/push-route.ts';
import { type Channel, openChannel } from '../../src/workers/channel.ts';
import { type WorkerPool, type WorkerPoolConfig, openWorkerPool } from '../../src/workers/worker-pool.ts';
import type { OwnerMessage, WorkerConfig, WorkerMessage } from '../../src/workers/messages.ts';
import type { WorkerExit, WorkerProcess } from '../../src/workers/worker-process.ts';
import { runWorker } from '../../src/workers/worker.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/until.ts';
import { readLog } from '../fakes/log.ts';
import { movableClock } from '../fakes/time.ts';

const token = 'push-token-0123456789';

async function pipe(directory: string, name: string): Promise<readonly [Socket, Socket]> {
  const server = createServer().listen(join(directory, name));
  await once(server, 'listening');
  const one = connect(server.address() as string);
  const [other] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [one, other];
}

/** Runs a worker on its end of the pipe; `end` ends its process. */
type RunWorker = (stream: Socket, end: (how: WorkerExit) => void) => void;

const realWorker: RunWorker = (stream, end) =>
  void runWorker(stream, { clock: systemClock(), stderr: process.stderr }).then((code) => end({ code, signal: null }));

/** Sends that it listens, and nothing else. */
const idleWorker =
  (configs: WorkerConfig[] = []): RunWorker =>
  (stream) => {
    const channel = openChannel<WorkerMessage, OwnerMessage>(stream, {
      receive: (message) => message.type === 'config' && configs.push(message.config),
    });
    channel.send({ type: 'listening', url: 'http://127.0.0.1:9', port: 9 });
  };

const config: WorkerPoolConfig = {
  listen: { host: '127.0.0.1', port: 0 },
  maxBodyBytes: 1000,
  log: { level: 'silent', format: 'json' },
  access: {
    tokens: [token],
    tokenFiles: [],
    rotationSecret: undefined,
    checkSender: 'off',
    trustedProxies: [],
    divisions: [],
    clients: [],
    tls: undefined,
    limits: {
      maxConnections: 99,
      maxConnectionsPerAddress: 10,
      maxRequests: 99,
      maxArrivingBytes: 99999,
    },
  },
};

interface StartedPool {
  readonly pool: WorkerPool;
  readonly kills: number[];
  /** Ends a worker, by the order of starts from 0. */
  end(started: number, how: WorkerExit): void;
  started(): number;
}

async function openPool(
  t: ExecutionContext,
  count: number,
  run: RunWorker,
  {
    clock = systemClock(),
    log = silentLog(),
    maxBodyBytes = config.maxBodyBytes,
  }: { readonly clock?: Clock; readonly log?: ReturnType<typeof silentLog>; readonly maxBodyBytes?: number } = {},
): Promise<StartedPool> {
  const directory = await temporaryDirectory(t);
  const pipes = await Promise.all(Array.from({ length: 8 }, (_, at) => pipe(directory, String(at))));
  t.teardown(() => void pipes.flat().map((end) => end.destroy()));
  const access = await openAccessControl(config.access, { stateDir: directory, clock, log: silentLog() });
  const kills: number[] = [];
  const ends: ((how: WorkerExit) => void)[] = [];
  const start = (): WorkerProcess => {
    const number = ends.length;
    const [channel, other] = pipes[number] as readonly [Socket, Socket];
    let end: (how: WorkerExit) => void = () => {};
    const ended = new Promise<WorkerExit>((resolve) => (end = resolve));
    ends.push(end);
    run(other, end);
    return {
      pid: 100 + number,
      channel,
      ended,
      kill: () => (kills.push(number), end({ code: null, signal: 'SIGKILL' })),
    };
  };
  const pool = openWorkerPool({
    count,
    config: { ...config, maxBodyBytes },
    access,
    start,
    clock,
    random: () => 0,
    log,
  });
  return { pool, kills, started: () => ends.length, end: (number, how) => ends[number]?.(how) };
}

const never = (): never => {
  throw new Error('unexpected push');
};
const noIntake: PushIntake = { take: never, unread: never, answered: () => {} };

test('a worker sends pushes to the intake of the owner, and answers with their outcomes', async (t) => {
  const { pool } = await openPool(t, 1, realWorker);
  const taken: string[] = [];
  const unread: UnreadPush[] = [];
  const durationsMs: number[] = [];
  const intake: PushIntake = {
    async take({ body, ip, isOwner, isReplay }) {
      taken.push(`${body.toString()} ${ip} ${isOwner} ${isReplay}`);
      if (body.toString() === 'full')
        throw Object.assign(new Error('the spool is full'), { status: 503, expose: true, retryAfterMs: 30_000 });
      if (body.toString() === 'broken') throw new Error('an internal reason');
      return 'taken';
    },
    unread: (push) => void unread.push(push),
    answered: (ms) => void durationsMs.push(ms),
  };
  const listener = await pool.listen(intake);
  const post = async (body: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(listener.url, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}`, connection: 'close', ...headers },
    });
    return [answer.status, answer.headers.get('retry-after'), await answer.text()];
  };
  t.deepEqual(await post('one'), [200, null, '']);
  t.deepEqual(await post('two', { 'x-replayed': '1' }), [200, null, '{"became":"taken"}']);
  t.deepEqual(await post('full'), [503, '30', '{"error":"the spool is full"}']);
  t.deepEqual(await post('broken'), [500, null, '{"error":"internal error"}']);
  t.deepEqual(await post('x', { authorization: 'none' }), [401, null, '{"error":"token: expected a valid one"}']);
  t.deepEqual(await post('x'.repeat(1001)), [
    413,
    null,
    '{"error":"body: at most 1000 bytes, found 1001 bytes declared"}',
  ]);
  await until(() => unread.length === 1);
  t.like(unread[0], {
    status: 413,
    ip: '127.0.0.1',
    isOwner: false,
    reason: 'body: at most 1000 bytes, found 1001 bytes declared',
  });
  t.deepEqual(taken, [
    'one 127.0.0.1 false false',
    'two 127.0.0.1 false true',
    'full 127.0.0.1 false false',
    'broken 127.0.0.1 false false',
  ]);
  await listener.close();
  t.is(durationsMs.length, 5, 'the request without a valid token is no push');
  const owner = (
    await openAccessControl(config.access, { stateDir: '', clock: systemClock(), log: silentLog() })
  ).status();
  t.is(pool.accessStatus(owner).authentication.unauthenticated, 1, 'of a worker that has ended');
  t.is(pool.accessStatus(owner).connections.open, 0);
});

test('a worker that stops sending is killed, one that sends is not', async (t) => {
  const clock = movableClock();
  const channels: Channel<WorkerMessage>[] = [];
  const { pool, kills } = await openPool(
    t,
    2,
    (stream) => {
      const channel = openChannel<WorkerMessage, OwnerMessage>(stream, { receive: () => {} });
      channel.send({ type: 'listening', url: 'http://127.0.0.1:9', port: 9 });
      channels.push(channel);
    },
    { clock },
  );
  await pool.listen(noIntake);
  const stop = new AbortController();
  const running = pool.run(stop.signal);
  for (let second = 1; second <= 15; second += 1) {
    await clock.untilSomebodySleeps();
    channels[1]?.send({ type: 'durations', durationsMs: [1] });
    await clock.advance(1_000);
  }
  t.deepEqual([kills, pool.status().running], [[], 2]);
  await clock.advance(1_000);
  t.deepEqual(kills, [0]);
  stop.abort();
  await running;
});

test('a share of the limits holds the largest body', async (t) => {
  const configs: WorkerConfig[] = [];
  const { pool } = await openPool(t, 2, idleWorker(configs), { maxBodyBytes: 80_000 });
  await pool.listen(noIntake);
  await until(() => configs.length === 2);
  for (const { access } of configs) t.is(access.limits.maxArrivingBytes, 80_000);
});

test('limits of the process are divided by the workers, the one per address is not', async (t) => {
  const configs: WorkerConfig[] = [];
  const { pool } = await openPool(t, 2, idleWorker(configs));
  await pool.listen(noIntake);
  await until(() => configs.length === 2);
  t.deepEqual(
    configs.map(({ worker }) => worker),
    [1, 2],
  );
  for (const { access } of configs)
    t.deepEqual(access.limits, {
      maxConnections: 50,
      maxConnectionsPerAddress: 10,
      maxRequests: 50,
      maxArrivingBytes: 50_000,
    });
});

test('a worker that ends is replaced with exponential backoff, with the same configuration', async (t) => {
  const clock = movableClock();
  const { log, lines } = readLog();
  const configs: WorkerConfig[] = [];
  const { pool, end, started } = await openPool(t, 1, idleWorker(configs), { clock, log });
  await pool.listen(noIntake);
  for (const [times, pauseMs] of [125, 250, 500].entries()) {
    end(times, { code: null, signal: 'SIGKILL' });
    await clock.untilSomebodySleeps();
    t.is(pool.status().running, 0);
    await clock.advance(pauseMs - 1);
    t.is(started(), times + 1);
    await clock.advance(1);
    await until(() => pool.status().running === 1);
    t.deepEqual(pool.status(), { wanted: 1, running: 1, replaced: times + 1 });
  }
  t.deepEqual(
    lines().map(({ msg, inMs, pid }) => [msg, inMs, pid]),
    [125, 250, 500].map((ms, at) => ['a worker has ended; another one takes its place', ms, 100 + at]),
  );
  t.deepEqual(
    configs.map(({ listen }) => listen.port),
    [0, 9, 9, 9],
  );
});

test('a worker that does not apply its configuration in time is killed', async (t) => {
  const clock = movableClock();
  const { pool, kills } = await openPool(t, 1, idleWorker(), { clock });
  await pool.listen(noIntake);
  pool.configure({ ...config, maxBodyBytes: 2000 });
  const settled = pool.applied();
  await clock.advance(7_999);
  t.deepEqual(kills, []);
  await clock.advance(1);
  await settled;
  t.deepEqual(kills, [0]);
});

test('a worker applies a changed configuration', async (t) => {
  const { pool } = await openPool(t, 1, realWorker);
  const listener = await pool.listen({ ...noIntake, take: async () => 'taken', unread: () => {} });
  const status = async (body: string, given = token): Promise<number> =>
    (
      await fetch(listener.url, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${given}`, connection: 'close' },
      })
    ).status;
  t.is(await status('x'.repeat(1500)), 413);
  pool.configure({ ...config, maxBodyBytes: 2000, access: { ...config.access, tokens: ['another-token-0123456789'] } });
  await pool.applied();
  t.is(await status('x'.repeat(1500)), 401);
  t.is(await status('x'.repeat(1500), 'another-token-0123456789'), 200);
  await listener.close();
});

test('a worker that ends before it listens fails the start with its reason', async (t) => {
  const { pool, kills } = await openPool(t, 2, (stream, end) => {
    openChannel<WorkerMessage, OwnerMessage>(stream, { receive: () => {} }).send({
      type: 'failed',
      reason: 'no space',
    });
    stream.once('close', () => end({ code: 70, signal: null }));
    setImmediate(() => stream.end());
  });
  await t.throwsAsync(pool.listen(noIntake), { message: 'a worker ended before it took pushes: no space' });
  t.deepEqual(kills, []);
});

test('a worker that does not end when the pool is cut is killed', async (t) => {
  const clock = movableClock();
  const { pool, kills } = await openPool(t, 2, idleWorker(), { clock });
  const listener = await pool.listen(noIntake);
  const closing = listener.close();
  listener.cut();
  await clock.untilSomebodySleeps();
  await clock.advance(500);
  await closing;
  t.deepEqual(new Set(kills), new Set([0, 1]));
});
