// The simulated OpenTSDB by telnet, compared with the measured behaviour of the real one.

import test from 'ava';
import { connect } from 'node:net';
import type { Tsd } from '../../../src/simulator/tsd/tsd.ts';
import { tsdOf } from './open.ts';

/** Sends pieces on a connection and returns the replies once it ends; `exit` ends it. */
async function replies({ port }: Tsd, ...pieces: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
  const over = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
  return Buffer.concat(chunks).toString('latin1');
}

for (const [line, reply] of [
  ['put a.b 1795218640 1.5 host=x', ''],
  ['put a.b 1795218640 1.5 host=x  dc=y ', ''],
  ['put a.b 1795218640 1.5 host=x host=x', ''],
  ['put 1a 1795218640123 +5 host=x', ''],
  ['put a.b 1795218640.123 1 host=x', ''],
  ['put', 'put: illegal argument: not enough arguments (need least 4, got 0)'],
  ['put a.b 1795218640 1.5', 'put: illegal argument: not enough arguments (need least 4, got 3)'],
  ['put  1795218640 1.5 host=x', 'put: illegal argument: empty metric name'],
  ['put a.b 1795218640  host=x', 'put: illegal argument: empty value'],
  ['put a.b 0 1 host=x', 'put: illegal argument: invalid timestamp: 0'],
  ['put a.b abc 1 host=x', "put: invalid value: Invalid character 'a' in abc"],
  ['put a.b 1795218640 1 host=', 'put: illegal argument: invalid tag: host='],
  ['put a.b 1795218640 1 host', 'put: illegal argument: invalid tag: host'],
  ['put a.b 1795218640 1 a=b=c', 'put: illegal argument: invalid tag: a=b=c'],
  ['put a.b 1795218640 1 a=b a=c', 'put: illegal argument: duplicate tag: a=c, tags={a=b}'],
  ['put t:x 1795218640 1 a=b', 'put: illegal argument: Invalid metric name ("t:x"): illegal character: :'],
  ['put a.b 1795218640 1 k=v%', 'put: illegal argument: Invalid tag value with key [k] ("v%"): illegal character: %'],
  ['put a.b 1795218640 9223372036854775808 a=b', 'put: invalid value: Overflow in 9223372036854775808'],
  ['put a.b 1795218640 10000000000000000000 a=b', 'put: invalid value: Value too long: 10000000000000000000'],
  ['put a.b 1795218640 NaN a=b', "put: invalid value: Invalid character 'N' in NaN"],
  ['put a.b 1795218640 Infinity a=b', "put: invalid value: Invalid character 'I' in Infinity"],
  ['put a.b 1795218640 0x10 a=b', "put: invalid value: Invalid character 'x' in 0x10"],
  [
    'put a.b 1795218640 1 a=x b=x c=x d=x e=x f=x g=x h=x i=x',
    'put: illegal argument: Too many tags: 9 maximum allowed: 8, tags: {a=x, b=x, c=x, d=x, e=x, f=x, g=x, h=x, i=x}',
  ],
  ['put\ta.b 1795218640 1 a=b', "unknown command: put\ta.b.  Try `help'."],
  ['', "unknown command: .  Try `help'."],
] as const) {
  test(`tsd replies ${JSON.stringify(reply)} to ${JSON.stringify(line)}`, async (t) => {
    const tsd = await tsdOf(t);
    t.is(await replies(tsd, `${line}\r\nexit\n`), reply === '' ? '' : `${reply}\n`);
    t.is(tsd.counts.accepted, reply === '' ? 1 : 0);
  });
}

test('tsd reads bytes as Latin-1, so UTF-8 is illegal', async (t) => {
  const tsd = await tsdOf(t);
  t.is(
    await replies(tsd, 'put a.b 1795218640 1 city=S\u00c3\u00a3o\nexit\n'),
    'put: illegal argument: Invalid tag value with key [city] ("S\u00c3\u00a3o"): illegal character: \u00a3\n',
  );
});

test('tsd refuses a metric without a UID', async (t) => {
  const tsd = await tsdOf(t, { autoCreateMetrics: false });
  t.is(await replies(tsd, 'put x 1795218640 1 a=b\nexit\n'), "put: unknown metric: No such name for 'metrics': 'x'\n");
});

test('tsd continues after an invalid line, and drops a last line without an end', async (t) => {
  const tsd = await tsdOf(t);
  await replies(tsd, 'put a 1 x b=c\nput a 1795218640 1 b=c\nput a 1795218641 1 b=c', '\nexit\nput a 1795218642 1 b=c');
  t.is(tsd.counts.accepted, 2);
});

test('tsd answers version in two lines', async (t) => {
  t.regex(
    await replies(await tsdOf(t), 'version\nexit\n'),
    /^net\.opentsdb\.tools 2\.4\.1 built at revision .*\nBuilt on .*\n$/,
  );
});

test('tsd closes the connection without a reply on more than 1024 bytes without a line end', async (t) => {
  const tsd = await tsdOf(t);
  const line = `put a 1795218640 1 b=${'c'.repeat(1024 - 'put a 1795218640 1 b='.length)}`;
  t.is(await replies(tsd, line, '\nexit\n'), '');
  t.is(tsd.counts.accepted, 1);
  t.is(await replies(tsd, `${line}c`, '\nexit\n'), '');
  t.is(tsd.counts.accepted, 1);
  t.is(tsd.counts.longLines, 0);
  await replies(tsd, `${line}c\nexit\n`);
  t.is(tsd.counts.accepted, 2);
  t.is(tsd.counts.longLines, 1);
});

test('tsd replies with the errors of its storage', async (t) => {
  const failed = ['Storage exception: full', 'Please throttle'];
  const tsd = await tsdOf(t, { storage: () => ({ failed: failed.shift() ?? '' }) });
  t.is(
    await replies(tsd, 'put a 1795218640 1 b=c\nput a 1795218640 1 b=c\nexit\n'),
    'put: HBase error: full\nput: Please throttle writes: 10001 RPCs waiting on "region" to come back online\n',
  );
});

test('tsd in read-only mode refuses put', async (t) => {
  t.is(
    await replies(await tsdOf(t, { isReadOnly: true }), 'put a 1795218640 1 b=c\nexit\n'),
    "unknown command: put.  Try `help'.\n",
  );
});

test('the command diediedie shuts tsd down', async (t) => {
  const tsd = await tsdOf(t);
  await replies(tsd, 'put a 1795218640 1 b=c\ndiediedie\n');
  t.is(tsd.counts.commands.get('diediedie'), 1);
  await t.throwsAsync(fetch(tsd.url));
});

test('tsd speaks HTTP on a connection that begins with a capital letter', async (t) => {
  t.regex(await replies(await tsdOf(t), 'PUT a 1795218640 1 b=c\n'), /^HTTP\/1\.1 400/);
});
