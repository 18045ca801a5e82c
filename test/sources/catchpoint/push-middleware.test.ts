// The fast path of a push through HTTP: which requests it takes, and how it answers.

import test, { type ExecutionContext } from 'ava';
import { bare, guarded } from '../../fakes/guarded.ts';
import { until } from '../../fakes/until.ts';

const token = 'a-token-of-someone-0123456789';
const head = (target: string, length: number, more = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;

async function openListener(t: ExecutionContext, take: (body: string) => Promise<void> | void = () => {}) {
  const taken: string[] = [];
  const one = await guarded(t, {
    tokens: [token],
    take: (body) => {
      taken.push(body.toString());
      return take(body.toString());
    },
  });
  return { ...one, taken };
}

test('takes pushes at every spelling of the URL, with request ids in one sequence', async (t) => {
  const { port, taken } = await openListener(t);
  const targets = [
    '/',
    '/?a=b',
    '/catchpoint',
    '/catchpoint/',
    '/catchpoint/a/b?c=d',
    '/catchpoint//a',
    '//',
    '/CATCHPOINT/a',
    'http://x/catchpoint/a',
    '/catchpoint/a#b',
    '/catchpoint/%ff',
    '/catchpoint/token',
  ];
  const answers: string[] = [];
  for (const target of targets)
    answers.push(await (await bare({ port }, `${head(target, 2, 'Connection: close\r\n')}{}`)).heard);
  for (const [at, answer] of answers.entries()) t.regex(answer, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/, targets[at]);
  t.is(taken.length, targets.length);
  const ids = answers.map((answer) => /^x-request-id: ([0-9a-f]{12})-(\w+)\r$/im.exec(answer));
  t.is(new Set(ids.map((id) => id?.[1])).size, 1);
  t.deepEqual(
    ids.map((id) => Number.parseInt(id?.[2] ?? '', 36)),
    targets.map((_, at) => at + 1),
  );
});

test('refuses other paths and methods', async (t) => {
  const { port, taken } = await openListener(t);
  for (const [request, status] of [
    [head('/catchpointx', 2), 404],
    [head('/', 2).replace('POST', 'PUT'), 405],
  ] as const) {
    const answer = await (
      await bare({ port }, `${request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}{}`)
    ).heard;
    t.regex(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*\\{"error":"[^"]+"\\}$`));
  }
  t.deepEqual(taken, []);
});

test('pipelined pushes are answered in their order', async (t) => {
  let answer = (): void => {};
  const first = new Promise<void>((resolve) => void (answer = resolve));
  const one = await openListener(t, (body) => (body === '[1]' ? first : undefined));
  const named = (name: string): string => `${head('/', 3, `X-Request-Id: ${name}\r\n`)}[${name}]`;
  const connection = await bare(one, `${named('1')}${named('2')}${named('3')}`);
  await until(() => one.taken.length === 3);
  answer();
  const heard = await connection.hears(/: 3\r\n/);
  t.deepEqual(
    [...heard.matchAll(/X-Request-Id: (\d)/g)].map(([, id]) => id),
    ['1', '2', '3'],
  );
  t.regex(heard, /Connection: keep-alive\r\n/i);
  t.is(one.access.status().requests.inHand, 0);
  connection.socket.destroy();
});

test('a connection that closes before its body or answer releases its concurrency slot', async (t) => {
  let answer = (): void => {};
  const working = new Promise<void>((resolve) => void (answer = resolve));
  const one = await openListener(t, () => working);
  const requests = () => one.access.status().requests.inHand;
  const half = await bare(one, `${head('/', 9)}{`);
  const silent = await bare(one, head('/', 9));
  const waiting = await bare(one, `${head('/', 2)}{}`);
  await until(() => requests() === 3 && one.taken.length === 1);
  for (const { socket } of [half, silent]) socket.destroy();
  await until(() => requests() === 1);
  waiting.socket.destroy();
  await waiting.heard;
  answer();
  await until(() => requests() === 0);
  t.deepEqual([one.taken, one.access.status().bodies.heldBytes], [['{}'], 0]);
});

test('a refused push is answered with the reason, and the connection stays open', async (t) => {
  const one = await openListener(t, () => {
    throw Object.assign(new Error('spool: full'), { status: 503, expose: true, retryAfterMs: 30_000 });
  });
  const connection = await bare(one, `${head('/', 2, 'X-Request-Id: proxy-7\r\n')}{}`);
  const heard = await connection.hears(/full"\}/);
  t.regex(heard, /^HTTP\/1\.1 503 [^]*X-Request-Id: proxy-7\r\nRetry-After: 30\r\n[^]*\{"error":"spool: full"\}$/);
  t.notRegex(heard, /connection: close/i);
  connection.socket.write(`${head('/', 2)}{}`);
  await connection.hears(/full[^]*full/);
  connection.socket.destroy();
});
