// The built program with two workers on one port, which is one bridge for senders and operators.

import test, { type ExecutionContext } from 'ava';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';
import { certificate, newCertificate, newPrivateKey, privateKey } from '../fakes/certificate.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { until } from '../fakes/until.ts';
import { golden } from './golden.ts';
import {
  type Bridge,
  bridge,
  type BridgeStatus,
  commandOutcome,
  nodesAndState,
  untilNodes,
  untilStatus,
} from './program.ts';
import { isAlive, workersOf } from './worker-processes.ts';

const body = golden('catchpoint/dns.json');
const secret = 'rotation-secret-0123456789';
const fileToken = 'file-token-0123456789';

interface Status extends BridgeStatus {
  readonly workers: { readonly wanted: number; readonly running: number; readonly replaced: number };
  readonly access: {
    readonly authentication: { readonly unauthenticated: number };
    readonly rotation?: { readonly rotations: number };
    readonly tokens: number;
  };
  readonly deadLetters: number;
}

const statusOf = async (one: Bridge): Promise<Status> => (await one.status()) as Status;
const untilIs = untilStatus<Status>;

interface Answer {
  readonly status: number;
  readonly text: string;
  /** The prefix of the request id, which differs between processes. */
  readonly worker: string;
  readonly retryAfter: string | undefined;
}

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly ca?: string;
}

/** Sends a request on a connection of its own. */
function send(
  one: Bridge,
  { path = '/', method = 'POST', headers = {}, body: content = body, ca }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const how = { method, headers, agent: false as const, ...(ca !== undefined && { ca }) };
    const sent = (ca === undefined ? request : tlsRequest)(`${one.pushUrl}${path}`, how, (answer) => {
      let text = '';
      answer.on('data', (data: Buffer) => void (text += data.toString()));
      answer.once('end', () => {
        const worker = String(answer.headers['x-request-id']).split('-')[0] as string;
        resolve({ status: answer.statusCode ?? 0, text, worker, retryAfter: answer.headers['retry-after'] });
      });
    });
    sent.once('error', reject).end(content);
  });
}

/** Resolves when the head of a push is accepted and its body is on the way. */
async function beginPush(one: Bridge): Promise<{ readonly answer: Promise<Pick<Answer, 'status' | 'text'>> }> {
  const push = request(one.pushUrl, { method: 'POST', agent: false, headers: { expect: '100-continue' } });
  const answer = (async () => {
    const [response] = (await once(push, 'response')) as [IncomingMessage];
    let text = '';
    for await (const data of response) text += String(data);
    return { status: response.statusCode ?? 0, text };
  })();
  push.flushHeaders();
  await once(push, 'continue');
  push.end(nextRun());
  return { answer };
}

let runs = 0;
/** Returns a run with an unused test id. */
const nextRun = (): string => JSON.stringify({ ...(JSON.parse(body) as object), TestId: 10_000 + (runs += 1) });

/** Pushes, several at a time, until each worker has answered one; returns all answers. */
async function untilEachAnswered(one: Bridge, how: () => Sent, workers = 2): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (new Set(answers.map(({ worker }) => worker)).size < workers) {
    answers.push(...(await Promise.all(Array.from({ length: 16 }, () => send(one, how())))));
  }
  return answers;
}

async function withWorkers(t: ExecutionContext, more: readonly string[] = [], workers = '2'): Promise<Bridge> {
  const tsd = await openTsd({});
  t.teardown(() => tsd.close());
  const args = ['--workers', workers, '-t', tsd.url, '--catchpoint-url', 'http://127.0.0.1:1'];
  const one = await bridge(t, [...args, ...(await nodesAndState(t)), ...more]);
  await untilNodes(one);
  return one;
}

const statuses = (answers: readonly Pick<Answer, 'status'>[]): number[] => [
  ...new Set(answers.map(({ status }) => status)),
];

test.serial('every worker accepts pushes, which are delivered and counted as those of one bridge', async (t) => {
  const one = await withWorkers(t);
  const answers = await untilEachAnswered(one, () => ({ body: nextRun() }));
  t.deepEqual(statuses(answers), [200]);
  const status = await untilIs(
    one,
    ({ sinks, pushes }) => pushes['taken'] === answers.length && sinks[0]?.backlog.points === 0,
  );
  t.true((status.sinks[0]?.accepted ?? 0) >= answers.length * 6);
  t.deepEqual(status.workers, { wanted: 2, running: 2, replaced: 0 });
  const metrics = await (await fetch(`${one.adminUrl}/metrics`)).text();
  t.regex(metrics, /workers_running 2\n/);
  t.regex(metrics, new RegExp(`pushes_total\\{outcome="taken"\\} ${answers.length}\\n`));
  await one.stop();
});

test.serial('invalid requests are answered and counted as without workers', async (t) => {
  const headers = { authorization: `Bearer ${fileToken}` };
  const gzip = { ...headers, 'content-encoding': 'gzip' };
  const requests: readonly Sent[] = [
    { headers, body: 'nonsense' },
    { headers, body: '{}' },
    { headers: gzip, body: 'not packed' },
    { headers: gzip, body: gzipSync(body) },
    { headers: { ...headers, 'content-encoding': 'lzma' } },
    { headers, body: 'x'.repeat(2048) },
    { headers: gzip, body: gzipSync('x'.repeat(100_000)) },
    { headers, path: '/nowhere' },
    { headers, method: 'PUT' },
    { headers: { ...headers, 'x-replayed': 'yes' } },
    { headers: { authorization: 'Bearer wrong-token-0123456789' } },
  ];
  const answersOf = async (workers: string) => {
    const tokens = join(await temporaryDirectory(t), 'tokens');
    await writeFile(tokens, `${fileToken}\n`);
    const one = await withWorkers(t, ['--push-token-file', tokens, '--max-body-bytes', '1KiB'], workers);
    const answers: Omit<Answer, 'worker'>[] = [];
    for (const each of requests) {
      const { worker: _worker, ...answer } = await send(one, each);
      answers.push(answer);
    }
    const { pushes } = await statusOf(one);
    const samples = ((await (await fetch(`${one.adminUrl}/metrics`)).text()).match(/^.*malformed.*$/gm) ?? []).filter(
      (line) => !line.startsWith('#'),
    );
    await one.stop();
    return { answers, pushes, samples };
  };
  const [without, with2] = [await answersOf('0'), await answersOf('2')];
  t.deepEqual(with2, without);
  t.deepEqual(
    without.answers.map(({ status }) => status),
    [400, 400, 400, 200, 415, 413, 413, 404, 405, 200, 401],
  );
  t.like(without.pushes, { taken: 1, duplicate: 1, malformed: 6 });
});

test.serial('a rotated token is valid in every worker as soon as the rotation is answered', async (t) => {
  const one = await withWorkers(t, ['--rotation-secret', secret]);
  const tokens = ['rotated-token-0123456789-1', 'rotated-token-0123456789-2', 'rotated-token-0123456789-3'];
  t.deepEqual(statuses(await untilEachAnswered(one, () => ({ body: nextRun() }))), [503], 'no token is set yet');
  for (const [at, token] of tokens.entries()) {
    const set = await send(one, {
      path: '/catchpoint/token',
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify({ token }),
    });
    t.deepEqual([set.status, set.text], [200, '']);
    t.deepEqual(
      statuses(await untilEachAnswered(one, () => ({ path: `/catchpoint/${token}`, body: nextRun() }))),
      [200],
    );
    if (at < 2) continue;
    t.deepEqual(
      statuses(await untilEachAnswered(one, () => ({ path: `/catchpoint/${tokens[1]}`, body: nextRun() }))),
      [200],
      'the previous token',
    );
    t.deepEqual(
      statuses(await untilEachAnswered(one, () => ({ path: `/catchpoint/${tokens[0]}`, body: nextRun() }))),
      [401],
    );
  }
  t.is((await untilIs(one, ({ access }) => access.rotation?.rotations === 3)).workers.replaced, 0);
  await one.stop();
});

test.serial(
  'tokens and certificates reloaded by SIGHUP reach every worker, including workers started later',
  async (t) => {
    const files = await temporaryDirectory(t);
    const [cert, key, tokens] = ['cert', 'key', 'tokens'].map((name) => join(files, name)) as [string, string, string];
    await writeFile(cert, certificate);
    await writeFile(key, privateKey);
    await writeFile(tokens, `${fileToken}\n`);
    const one = await withWorkers(t, ['--push-token-file', tokens, '--tls-cert', cert, '--tls-key', key]);
    const old = { headers: { authorization: `Bearer ${fileToken}` } };
    t.deepEqual(statuses(await untilEachAnswered(one, () => ({ ...old, ca: certificate, body: nextRun() }))), [200]);
    await writeFile(tokens, 'another-token-0123456789\n');
    await writeFile(cert, newCertificate);
    await writeFile(key, newPrivateKey);
    one.child.kill('SIGHUP');
    await one.line((line) => line.includes('configuration read again'));
    const other = { headers: { authorization: 'Bearer another-token-0123456789' } };
    t.deepEqual(
      statuses(await untilEachAnswered(one, () => ({ ...other, ca: newCertificate, body: nextRun() }))),
      [200],
    );
    t.deepEqual(statuses(await untilEachAnswered(one, () => ({ ...old, ca: newCertificate, body: nextRun() }))), [401]);
    // An invalid file leaves the last valid tokens in effect, also in a new worker.
    await writeFile(tokens, 'short\n');
    process.kill((await workersOf(one.child.pid as number))[0] as number, 'SIGKILL');
    await untilIs(one, ({ workers }) => workers.replaced === 1 && workers.running === 2);
    t.deepEqual(
      statuses(await untilEachAnswered(one, () => ({ ...other, ca: newCertificate, body: nextRun() }))),
      [200],
    );
    await one.stop();
  },
);

test.serial(
  'a killed worker is replaced, the other one accepts pushes meanwhile, and no count decreases',
  async (t) => {
    const one = await withWorkers(t, ['--push-token', fileToken]);
    const good = () => ({ headers: { authorization: `Bearer ${fileToken}` }, body: nextRun() });
    const strangers = await untilEachAnswered(one, () => ({}));
    const before = await untilIs(one, ({ access }) => access.authentication.unauthenticated === strangers.length);
    const pids = await workersOf(one.child.pid as number);
    t.is(pids.length, 2);
    process.kill(pids[0] as number, 'SIGKILL');
    const answers: (Answer | Error)[] = [];
    for (let now = before; now.workers.replaced === 0; now = await statusOf(one)) {
      answers.push(await send(one, good()).catch((error: Error) => error));
      t.true(now.access.authentication.unauthenticated >= strangers.length);
    }
    t.true(answers.some((answer) => !(answer instanceof Error) && answer.status === 200));
    const after = await untilIs(one, ({ workers }) => workers.running === 2);
    t.is(after.access.authentication.unauthenticated, strangers.length);
    t.deepEqual(statuses(await untilEachAnswered(one, good)), [200]);
    t.true(
      one.printed.some(
        (line) =>
          line.includes('a worker has ended; another one takes its place') &&
          line.includes(`"pid":${pids[0]}`) &&
          line.includes('SIGKILL'),
      ),
    );
    // If both are killed at once the port stays the same.
    for (const pid of await workersOf(one.child.pid as number)) process.kill(pid, 'SIGKILL');
    await untilIs(one, ({ workers }) => workers.replaced === 3 && workers.running === 2);
    t.deepEqual(statuses(await untilEachAnswered(one, good)), [200]);
    await one.stop();
  },
);

test.serial('after a kill of the owner its workers answer 503 and end, and the port is free', async (t) => {
  const one = await withWorkers(t);
  const pids = await workersOf(one.child.pid as number);
  // A stopped owner keeps the pushes waiting.
  one.child.kill('SIGSTOP');
  const answering = await Promise.all(Array.from({ length: 8 }, () => beginPush(one)));
  one.child.kill('SIGKILL');
  const answers = await Promise.all(answering.map(({ answer }) => answer));
  t.deepEqual(statuses(answers), [503]);
  t.is(answers[0]?.text, '{"error":"push: the bridge is ending"}');
  await one.ended;
  await until(() => !pids.some(isAlive));
  const server = createServer();
  server.listen(Number(new URL(one.pushUrl).port), '127.0.0.1');
  await once(server, 'listening');
  server.close();
  t.pass();
});

test.serial('SIGTERM finishes a push in flight, and workers ignore signals', async (t) => {
  const one = await withWorkers(t);
  const pids = await workersOf(one.child.pid as number);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGTERM', 'SIGTERM'] as const)
    for (const pid of pids) process.kill(pid, signal);
  const socket = connect(Number(new URL(one.pushUrl).port), '127.0.0.1');
  let received = '';
  socket.on('data', (data: Buffer) => void (received += data.toString('latin1')));
  const closed = once(socket, 'close');
  const run = nextRun();
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${Buffer.byteLength(run)}\r\n\r\n`,
  );
  await until(() => received.includes('100 Continue'));
  one.child.kill('SIGTERM');
  await one.line((line) => line.includes('stopping: what is in hand is finished'));
  socket.write(run);
  await closed;
  t.regex(received, /HTTP\/1\.1 200 OK/);
  t.is(await one.ended, 0);
  t.deepEqual(pids.filter(isAlive), []);
  t.false(one.printed.some((line) => line.includes('a worker has ended')));
});

test.serial('an address in use ends the start with the same error as without workers', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const address = `127.0.0.1:${(taken.address() as { readonly port: number }).port}`;
  const ended = async (workers: string) => {
    const listeners = ['-l', address, '--admin-listen', '127.0.0.1:0'];
    const args = ['--workers', workers, ...listeners, '-f', '--log-format', 'json', ...(await nodesAndState(t))];
    const { exitCode, lines } = await commandOutcome(t, ...args);
    return { exitCode, error: lines.filter((line) => line.startsWith('error:')) };
  };
  const without = await ended('0');
  t.deepEqual(without, { exitCode: 69, error: [`error: cannot listen on ${address}: the address is in use`] });
  t.deepEqual(await ended('2'), without);
});

test.serial('a keep-alive connection stays with its worker, and only a bridge can start a worker', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const one = await withWorkers(t, ['--push-token', fileToken, '--state-dir', stateDir]);
  const { token } = JSON.parse(await readFile(join(stateDir, 'listening.json'), 'utf8')) as { readonly token: string };
  t.deepEqual(
    statuses(await untilEachAnswered(one, () => ({ path: `/catchpoint/${token}`, body: nextRun() }))),
    [200],
    'the token of the state directory is valid',
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ids = new Set<string>();
  for (let count = 0; count < 5; count += 1) {
    const push = request(`${one.pushUrl}/catchpoint/${fileToken}`, { method: 'POST', agent }).end(nextRun());
    const [answer] = (await once(push, 'response')) as [IncomingMessage];
    ids.add(String(answer.headers['x-request-id']).split('-')[0] as string);
    answer.resume();
    await once(answer, 'end');
  }
  agent.destroy();
  t.is(ids.size, 1);
  await one.stop();
  const { exitCode, lines } = await commandOutcome(t, 'worker');
  t.is(exitCode, 64);
  t.regex(lines.join('\n'), /worker: expected to be started by `run --workers`/);
});
