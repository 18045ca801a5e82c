// Authentication on the push listener, and token rotation by Catchpoint.

import test from 'ava';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { METHODS } from 'node:http';
import { join } from 'node:path';
import { pino } from 'pino';
import { rotatedTokensFileOf } from '../../src/auth/tokens/rotating-tokens.ts';
import { hash } from 'node:crypto';
import { bare, type Guarded, guarded } from '../fakes/guarded.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { readLog } from '../fakes/log.ts';
import { movableClock } from '../fakes/time.ts';

const token = 'a-token-of-someone-0123456789';
const other = 'another-token-0123456789';
const secret = 'the-long-lived-secret-0123456789';

const post = (url: string, headers: Record<string, string> = {}, body = '{}'): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { connection: 'close', ...headers }, body });
const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });
const rotate = ({ url }: Guarded, given = token, by = secret): Promise<Response> =>
  post(`${url}/catchpoint/token`, bearer(by), JSON.stringify({ token: given }));

test('without a valid token every method is refused at every path', async (t) => {
  const { url, port, access } = await guarded(t, {
    tokens: [token],
    rotationSecret: secret,
    take: () => t.fail('a push without a valid token was taken'),
  });
  await rotate({ url } as Guarded, other);
  const paths = [
    '/',
    '/catchpoint',
    '/catchpoint/',
    '/catchpoint/x',
    '/catchpoint/token',
    `/catchpoint/${token}x`,
    '/?token=x',
    '/healthz',
    '/metrics',
    '/admin/spool',
    '//',
    '/%00',
    '/catchpoint/%ff',
    '*',
  ];
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  let requests = 0;
  const statuses = new Set<string>();
  for (const method of methods) {
    for (const path of paths) {
      const { heard } = await bare({ port }, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const answer = await heard;
      requests += 1;
      statuses.add(answer.split(' ')[1] ?? '');
      if (!/^HTTP\/1\.1 (401|429|400) /.test(answer)) t.fail(`${method} ${path}: ${answer.slice(0, 80)}`);
      if (method !== 'HEAD' && / 401 /.test(answer.slice(0, 20)) && !/WWW-Authenticate: Basic realm/.test(answer))
        t.fail(`${method} ${path}: no challenge`);
    }
  }
  t.is(requests, methods.length * paths.length);
  t.true(statuses.has('401'));
  t.is((await (await bare({ port }, 'CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n')).heard).includes('200'), false);
  t.is(access.status().requests.inHand, 0);
});

test('a request without a valid token gets no 100 Continue, and its body is not read', async (t) => {
  const { port } = await guarded(t, { tokens: [token] });
  const head = (more: string): string => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n${more}\r\n`;
  const { heard } = await bare({ port }, head('Expect: 100-continue\r\n'));
  t.regex(await heard, /^HTTP\/1\.1 401 [^]*Connection: close/);
  t.regex(await (await bare({ port }, head(''))).heard, /^HTTP\/1\.1 401 /);
  const letIn = await bare(
    { port },
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nAuthorization: Bearer ${token}\r\nExpect: 100-continue\r\n\r\n`,
  );
  await letIn.hears(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  letIn.socket.write('{}');
  await letIn.hears(/HTTP\/1\.1 200 OK/);
  letIn.socket.destroy();
});

test('any of several tokens is accepted in any place of a request', async (t) => {
  const directory = await temporaryDirectory(t);
  await writeFile(join(directory, 'tokens'), `${other}\n`);
  const { url, access } = await guarded(t, { tokens: [token], tokenFiles: [join(directory, 'tokens')] });
  for (const each of [token, other]) {
    t.is((await post(`${url}/catchpoint/${each}`)).status, 200);
    t.is((await post(`${url}/?token=${each}`)).status, 200);
    t.is((await post(url, bearer(each))).status, 200);
    t.is((await post(url, { 'x-catchpoint-token': each })).status, 200);
    t.is((await post(url, { authorization: `Basic ${Buffer.from(`x:${each}`).toString('base64')}` })).status, 200);
  }
  t.is((await post(url, bearer(access.ownerToken))).status, 200, "the owner's token");
  t.is((await post(url, bearer(`${token}0`))).status, 401);
  t.like(access.status(), { isOpen: false, tokens: 2, authentication: { unauthenticated: 1 } });
});

test('without any token all requests are accepted, and a warning is logged once', async (t) => {
  const lines: string[] = [];
  const { url, access } = await guarded(t, { log: pino({ base: null }, { write: (line) => void lines.push(line) }) });
  t.is((await post(url)).status, 200);
  t.is((await post(`${url}/catchpoint/token`)).status, 200, 'without a rotation secret it is an ordinary path');
  t.true(access.status().isOpen);
  t.is(lines.length, 1);
  t.regex(lines[0] ?? '', /"level":40.*whoever reaches the push listener may push/);
});

test('without a push listener nothing is open, and no warning is logged', async (t) => {
  const log = readLog();
  const { access } = await guarded(t, { log: log.log, hasListener: false });
  t.false(access.status().isOpen);
  t.deepEqual(log.lines(), []);
});

test('refusals are logged once a minute with their count, and never with the token', async (t) => {
  const lines: string[] = [];
  const clock = movableClock();
  const { url } = await guarded(t, {
    tokens: [token],
    clock,
    log: pino({ base: null }, { write: (line) => void lines.push(line) }),
  });
  for (let times = 0; times < 5; times += 1) await post(`${url}/catchpoint/a-wrong-token-0123456789`);
  t.is(lines.length, 1);
  await clock.advance(60_000);
  await post(`${url}/catchpoint/a-wrong-token-0123456789`, bearer('another-wrong-one-0123456789'));
  t.deepEqual(
    lines.map((line) => JSON.parse(line) as { times: number; from: string }).map(({ times, from }) => [times, from]),
    [
      [1, '127.0.0.1'],
      [5, '127.0.0.1'],
    ],
  );
  t.false(lines.join('').includes('wrong'));
});

test('pushes are answered 503 until Catchpoint has set a token; then the current and the previous one are valid', async (t) => {
  const one = await guarded(t, { rotationSecret: secret });
  const early = await post(`${one.url}/catchpoint/${token}`);
  t.deepEqual([early.status, early.headers.get('retry-after')], [503, '60']);
  t.is((await rotate(one)).status, 200);
  const valid = async (given: string): Promise<boolean> =>
    (await post(`${one.url}/catchpoint/${given}`)).status === 200;
  t.deepEqual([await valid(token), await valid(other)], [true, false]);
  t.true(await valid(hash('md5', token, 'hex')), "Catchpoint's recipe puts the MD5 into the URL");
  t.is((await post(`${one.url}/catchpoint/${other}`)).status, 401);
  await rotate(one, other);
  t.deepEqual([await valid(token), await valid(other)], [true, true]);
  await rotate(one, other);
  t.deepEqual([await valid(token), await valid(other)], [true, true], 'the same token again changes nothing');
  await rotate(one, 'a-third-token-0123456789');
  t.deepEqual([await valid(token), await valid(other)], [false, true]);
  t.like(one.access.status().rotation, { rotations: 4, failed: 0 });
});

test('tokens that Catchpoint set survive a restart, as hashes in a file that only the user can read', async (t) => {
  const one = await guarded(t, { rotationSecret: secret });
  await rotate(one);
  await rotate(one, other);
  const path = rotatedTokensFileOf(one.stateDir);
  t.is((await stat(path)).mode & 0o777, 0o600);
  const text = await readFile(path, 'utf8');
  t.false([token, other, hash('md5', token, 'hex')].some((each) => text.includes(each)));
  const { url } = await guarded(t, { rotationSecret: secret, stateDir: one.stateDir });
  for (const each of [token, other]) t.is((await post(`${url}/catchpoint/${each}`)).status, 200);
  t.is((await post(`${url}/catchpoint/wrong`)).status, 401);
});

test('a malformed file of rotated tokens counts as empty', async (t) => {
  const stateDir = await temporaryDirectory(t);
  for (const text of ['', '{', '[]', '{"current":["x"],"previous":[],"rotatedAtMs":1}']) {
    await writeFile(rotatedTokensFileOf(stateDir), text);
    const one = await guarded(t, { rotationSecret: secret, stateDir });
    t.is((await post(`${one.url}/catchpoint/${token}`)).status, 503);
    t.is((await rotate(one)).status, 200);
    t.is((await post(`${one.url}/catchpoint/${token}`)).status, 200);
  }
});

test('a token that cannot be written is valid, and its sender is answered 503', async (t) => {
  const one = await guarded(t, { rotationSecret: secret });
  await mkdir(rotatedTokensFileOf(one.stateDir));
  t.is((await rotate(one)).status, 503);
  t.is((await post(`${one.url}/catchpoint/${token}`)).status, 200);
  t.is(one.access.status().rotation?.failed, 1);
});

test('the secret sets the token, in any of three forms; a push token does not', async (t) => {
  const one = await guarded(t, { tokens: [token], rotationSecret: secret });
  const set = async (body: string, by = secret): Promise<number> =>
    (await post(`${one.url}/catchpoint/token`, bearer(by), body)).status;
  t.is(await set(other, token), 401);
  t.is(await set(other), 200);
  t.is(await set(`token=${other}&x=1`), 200);
  t.is(await set(JSON.stringify({ token: other })), 200);
  for (const wrong of ['', 'short', '{', '{"token":1}', 'token=', `${other} ${other}`]) {
    t.is(await set(wrong), 400, wrong);
  }
  t.is((await post(one.url, bearer(secret))).status, 401, 'the secret is no push token');
});

test('too many attempts to set a token are answered 429, only for their sender', async (t) => {
  const clock = movableClock();
  const one = await guarded(t, { rotationSecret: secret, clock, trustedProxies: ['127.0.0.1'] });
  const attempt = (address: string, by: string): Promise<Response> =>
    post(`${one.url}/catchpoint/token`, { ...bearer(by), 'x-forwarded-for': address }, token);
  const statuses: number[] = [];
  for (let times = 0; times < 12; times += 1) statuses.push((await attempt('192.0.2.7', 'a-guess-0123456789')).status);
  t.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429, 429]);
  t.is((await attempt('192.0.2.7', secret)).status, 429);
  t.is((await attempt('192.0.2.8', secret)).status, 200);
  await clock.advance(6_000);
  const again = await attempt('192.0.2.7', secret);
  t.is(again.status, 200);
  t.like(one.access.status().rotation, { unauthenticated: 10, limited: 3, rotations: 2 });
});
