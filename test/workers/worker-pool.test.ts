// The crew of an owner: workers played within this process, each over a pipe of its own.

import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { openAccessControl } from '../../src/auth/access-control.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { PushIntake, UnreadPush } from '../../src/sources/catchpoint/push-route.ts';
import { openChannel } from '../../src/workers/channel.ts';
import { type WorkerPool, type WorkerPoolConfig, openWorkerPool } from '../../src/workers/worker-pool.ts';
import type { Instructions, OwnerMessage, WorkerMessage } from '../../src/workers/messages.ts';
import type { WorkerEnd, WorkerProcess } from '../../src/workers/worker-process.ts';
import { work } from '../../src/workers/worker.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/guarded.ts';
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

/** What plays a worker: its end of the pipe, and what ends it. */
type Player = (stream: Socket, end: (how: WorkerEnd) => void) => void;

/** A worker of this program, but for the process. */
const realWorker: Player = (stream, end) =>
  void work(stream, { clock: systemClock(), stderr: process.stderr }).then((code) => end({ code, signal: null }));

/** One that says that it listens, and nothing else; shown what it is told. */
const deafWorker =
  (told: OwnerMessage[] = []): Player =>
  (stream) => {
    const channel = openChannel<WorkerMessage, OwnerMessage>(stream, { hear: (message) => told.push(message) });
    channel.say({ say: 'listening', url: 'http://127.0.0.1:9', port: 9 });
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

interface Played {
  readonly crew: WorkerPool;
  readonly kills: number[];
  /** Ends the worker that was started last but so many. */
  end(started: number, how: WorkerEnd): void;
  started(): number;
}

async function played(
  t: ExecutionContext,
  count: number,
  player: Player,
  {
    clock = systemClock(),
    log = silentLog(),
    maxBodyBytes = config.maxBodyBytes,
  }: { readonly clock?: Clock; readonly log?: ReturnType<typeof silentLog>; readonly maxBodyBytes?: number } = {},
): Promise<Played> {
  const directory = await temporaryDirectory(t);
  const pipes = await Promise.all(Array.from({ length: 8 }, (_, at) => pipe(directory, String(at))));
  t.teardown(() => void pipes.flat().map((end) => end.destroy()));
  const access = await openAccessControl(config.access, { stateDir: directory, clock, log: silentLog() });
  const kills: number[] = [];
  const ends: ((how: WorkerEnd) => void)[] = [];
  const start = (): WorkerProcess => {
    const number = ends.length;
    const [channel, other] = pipes[number] as readonly [Socket, Socket];
    let end: (how: WorkerEnd) => void = () => {};
    const ended = new Promise<WorkerEnd>((resolve) => (end = resolve));
    ends.push(end);
    player(other, end);
    return {
      pid: 100 + number,
      channel,
      ended,
      kill: () => (kills.push(number), end({ code: null, signal: 'SIGKILL' })),
    };
  };
  const crew = openWorkerPool({
    count,
    config: { ...config, maxBodyBytes },
    access,
    start,
    clock,
    random: () => 0,
    log,
  });
  return { crew, kills, started: () => ends.length, end: (number, how) => ends[number]?.(how) };
}

const never = (): never => {
  throw new Error('nobody pushes here');
};
const noIntake: PushIntake = { take: never, unread: never, answered: () => {} };

test("a push goes from the worker to the intake and its answer back, in the worker's share of the limits", async (t) => {
  const { crew } = await played(t, 1, realWorker);
  const taken: string[] = [];
  const unread: UnreadPush[] = [];
  const times: number[] = [];
  const intake: PushIntake = {
    async take({ body, ip, isOwner, isReplay }) {
      taken.push(`${body.toString()} ${ip} ${isOwner} ${isReplay}`);
      if (body.toString() === 'full')
        throw Object.assign(new Error('the spool is full'), { status: 503, expose: true, retryAfterMs: 30_000 });
      if (body.toString() === 'broken') throw new Error('a secret of ours');
      return 'taken';
    },
    unread: (push) => void unread.push(push),
    answered: (ms) => void times.push(ms),
  };
  const listener = await crew.listen(intake);
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
  t.is(times.length, 5, 'what was not let in is no push');
  const own = (
    await openAccessControl(config.access, { stateDir: '', clock: systemClock(), log: silentLog() })
  ).status();
  t.is(crew.access(own).door.unauthenticated, 1, 'of a worker that has ended');
  t.is(crew.access(own).connections.open, 0);
});

test('a worker that says nothing any more is ended by force, and one that does is not', async (t) => {
  const clock = movableClock();
  const channels: { say(message: WorkerMessage): void }[] = [];
  const { crew, kills } = await played(
    t,
    2,
    (stream) => {
      const channel = openChannel<WorkerMessage, OwnerMessage>(stream, { hear: () => {} });
      channel.say({ say: 'listening', url: 'http://127.0.0.1:9', port: 9 });
      channels.push(channel);
    },
    { clock },
  );
  await crew.listen(noIntake);
  const stop = new AbortController();
  const running = crew.run(stop.signal);
  for (let second = 1; second <= 15; second += 1) {
    await clock.untilSomebodySleeps();
    channels[1]?.say({ say: 'answered', ms: [1] });
    await clock.advance(1_000);
  }
  t.deepEqual([kills, crew.status().running], [[], 2]);
  await clock.advance(1_000);
  t.deepEqual(kills, [0]);
  stop.abort();
  await running;
});

test('a share of the limits has room for the largest push', async (t) => {
  const told: OwnerMessage[] = [];
  const { crew } = await played(t, 2, deafWorker(told), { maxBodyBytes: 80_000 });
  await crew.listen(noIntake);
  await until(() => told.length === 2);
  for (const one of told)
    t.is((one as { readonly instructions: Instructions }).instructions.access.limits.maxArrivingBytes, 80_000);
});

test('limits of a process are shared out, those by address hold in each', async (t) => {
  const told: OwnerMessage[] = [];
  const { crew } = await played(t, 2, deafWorker(told));
  await crew.listen(noIntake);
  await until(() => told.length === 2);
  const instructions = told.map((one) => (one as { readonly instructions: Instructions }).instructions);
  t.deepEqual(
    instructions.map(({ worker }) => worker),
    [1, 2],
  );
  for (const { access } of instructions)
    t.deepEqual(access.limits, {
      maxConnections: 50,
      maxConnectionsPerAddress: 10,
      maxRequests: 50,
      maxArrivingBytes: 50_000,
    });
});

test('a worker that ends is replaced after a pause that grows, and by one that is told the same', async (t) => {
  const clock = movableClock();
  const { log, lines } = readLog();
  const told: OwnerMessage[] = [];
  const { crew, end, started } = await played(t, 1, deafWorker(told), { clock, log });
  await crew.listen(noIntake);
  for (const [times, pauseMs] of [125, 250, 500].entries()) {
    end(times, { code: null, signal: 'SIGKILL' });
    await clock.untilSomebodySleeps();
    t.is(crew.status().running, 0);
    await clock.advance(pauseMs - 1);
    t.is(started(), times + 1);
    await clock.advance(1);
    await until(() => crew.status().running === 1);
    t.deepEqual(crew.status(), { wanted: 1, running: 1, replaced: times + 1 });
  }
  t.deepEqual(
    lines().map(({ msg, inMs, pid }) => [msg, inMs, pid]),
    [125, 250, 500].map((ms, at) => ['a worker has ended; another one takes its place', ms, 100 + at]),
  );
  const listens = told.map((one) => (one as { readonly instructions: Instructions }).instructions.listen.port);
  t.deepEqual(listens, [0, 9, 9, 9], 'nobody else held the port meanwhile');
});

test('a worker that does not follow what it is told is ended, and nobody waits for it longer', async (t) => {
  const clock = movableClock();
  const { crew, kills } = await played(t, 1, deafWorker(), { clock });
  await crew.listen(noIntake);
  crew.instruct({ ...config, maxBodyBytes: 2000 });
  const settled = crew.settled();
  await clock.advance(7_999);
  t.deepEqual(kills, []);
  await clock.advance(1);
  await settled;
  t.deepEqual(kills, [0]);
});

test('a worker follows another configuration, and is told nothing where nothing has changed', async (t) => {
  const { crew } = await played(t, 1, realWorker);
  const listener = await crew.listen({ ...noIntake, take: async () => 'taken', unread: () => {} });
  const status = async (body: string, given = token): Promise<number> =>
    (
      await fetch(listener.url, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${given}`, connection: 'close' },
      })
    ).status;
  t.is(await status('x'.repeat(1500)), 413);
  crew.instruct({ ...config, maxBodyBytes: 2000, access: { ...config.access, tokens: ['another-token-0123456789'] } });
  await crew.settled();
  t.is(await status('x'.repeat(1500)), 401);
  t.is(await status('x'.repeat(1500), 'another-token-0123456789'), 200);
  await listener.close();
});

test('a worker that ends before it listens ends the start, with what it said', async (t) => {
  const { crew, kills } = await played(t, 2, (stream, end) => {
    openChannel<WorkerMessage, OwnerMessage>(stream, { hear: () => {} }).say({ say: 'failed', reason: 'no room' });
    stream.once('close', () => end({ code: 70, signal: null }));
    setImmediate(() => stream.end());
  });
  await t.throwsAsync(crew.listen(noIntake), { message: 'a worker ended before it took pushes: no room' });
  t.deepEqual(kills, []);
});

test('a worker that does not end is ended by force when the crew is cut', async (t) => {
  const clock = movableClock();
  const { crew, kills } = await played(t, 2, deafWorker(), { clock });
  const listener = await crew.listen(noIntake);
  const closing = listener.close();
  listener.cut();
  await clock.untilSomebodySleeps();
  await clock.advance(500);
  await closing;
  t.deepEqual(kills.toSorted(), [0, 1]);
});
