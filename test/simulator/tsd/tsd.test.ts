// The simulated OpenTSDB by HTTP, compared with the measured behaviour of the real one.

import test from 'ava';
import { request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { DataPoint } from '../../../src/model/point.ts';
import { openTsd, type Tsd, type TsdOptions } from '../../../src/simulator/tsd/tsd.ts';
import type { Storage } from '../../../src/simulator/tsd/store.ts';
import { tsdOf } from './open.ts';

const good = { metric: 'a.b', timestamp: 1795218640, value: 1.5, tags: { host: 'x' } };

async function put({ url }: Tsd, body: unknown, flags = '?details', headers: Record<string, string> = {}) {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(`${url}/api/put${flags}`, { method: 'POST', body: text, headers });
  const answer = await response.text();
  return { status: response.status, json: answer.startsWith('{') ? JSON.parse(answer) : undefined, text: answer };
}

const failing: Storage = () => ({ failed: 'Storage exception: Call queue is full' });
const unspecific = 'One or more data points had errors';

for (const [title, storage, points, flags, status, expected] of [
  ['all accepted', undefined, [good], '', 204, undefined],
  ['all accepted', undefined, [good], '?summary', 200, { success: 1, failed: 0 }],
  ['all accepted', undefined, [good], '?details', 200, { success: 1, failed: 0, errors: [] }],
  ['all accepted', undefined, [good], '?details=false', 200, { success: 1, failed: 0, errors: [] }],
  ['all accepted', undefined, [good], '?summary&details&sync', 200, { success: 1, failed: 0, errors: [] }],
  ['some invalid', undefined, [good, { ...good, tags: {} }], '', 400, unspecific],
  ['some invalid', undefined, [good, { ...good, tags: {} }], '?summary', 400, { success: 1, failed: 1 }],
  [
    'some invalid',
    undefined,
    [good, { ...good, tags: {} }],
    '?details',
    400,
    { success: 1, failed: 1, errors: [{ error: 'Missing tags', datapoint: { ...good, value: '1.5', tags: {} } }] },
  ],
  ['storage fails, no sync', failing, [good], '', 204, undefined],
  ['storage fails, no sync', failing, [good], '?summary', 200, { success: 1, failed: 0 }],
  ['storage fails, sync', failing, [good], '?sync', 400, unspecific],
  ['storage fails, sync', failing, [good], '?sync&summary', 200, { success: 0, failed: 1 }],
  [
    'storage fails, sync',
    failing,
    [good],
    '?sync&details',
    200,
    {
      success: 0,
      failed: 1,
      errors: [{ error: 'Storage exception: Call queue is full', datapoint: { ...good, value: '1.5' } }],
    },
  ],
] as const) {
  test(`tsd answers a put ${flags} with ${status}: ${title}`, async (t) => {
    const tsd = await tsdOf(t, storage === undefined ? {} : { storage });
    const answer = await put(tsd, points, flags);
    t.is(answer.status, status);
    if (typeof expected === 'string') t.is(answer.json.error.message, expected);
    else t.deepEqual(answer.json, expected);
  });
}

test('tsd reports timeouts of a hanging storage, with the wrong point if one before it was refused', async (t) => {
  const options: TsdOptions = { storage: () => new Promise(() => {}), sleep: async () => {} };
  const tsd = await tsdOf(t, options);
  const timeout = 'The put call has timedout with 0 successful writes, 0 failed writes and 1 timed out writes.';
  t.is((await put(tsd, [good], '?sync&sync_timeout=300')).json.error.message, timeout);
  t.deepEqual((await put(tsd, [good], '?sync&sync_timeout=300&summary')).json, { success: 0, failed: 0, timeouts: 1 });
  const bad = { ...good, metric: 'bad:name' };
  const { status, json } = await put(tsd, [bad, good], '?sync&sync_timeout=300&details');
  t.is(status, 400);
  t.like(json, { success: 0, failed: 1, timeouts: 1 });
  t.deepEqual(
    json.errors.map(({ error, datapoint }: { error: string; datapoint: DataPoint }) => [error, datapoint.metric]),
    [
      ['Invalid metric name ("bad:name"): illegal character: :', 'bad:name'],
      ['Write timedout', 'bad:name'],
    ],
  );
});

for (const [fault, error] of [
  [{ metric: '' }, 'Metric name was empty'],
  [{ timestamp: 0 }, 'Invalid timestamp'],
  [{ timestamp: -5 }, 'Invalid timestamp'],
  [{ value: '' }, 'Empty value'],
  [{ value: null }, 'Empty value'],
  [{ value: 'NaN' }, 'Unable to parse value to a number'],
  [{ value: '0x10' }, 'Unable to parse value to a number'],
  [{ value: '9223372036854775808' }, 'Unable to parse value to a number'],
  [{ value: '10000000000000000000' }, 'Unable to parse value to a number'],
  [{ value: '1.2.3' }, 'Unable to parse value to a number'],
  [{ value: '1e400' }, 'value is NaN or Infinite: Infinity for metric=a.b timestamp=1795218640'],
  [{ tags: undefined }, 'Missing tags'],
  [{ tags: { host: '' } }, 'Invalid tag value with key [host]: empty string'],
  [{ metric: 'a b' }, 'Invalid metric name ("a b"): illegal character:  '],
  [{ metric: 't:x' }, 'Invalid metric name ("t:x"): illegal character: :'],
  [{ tags: { 'k,': 'v' } }, 'Invalid tag name with value [v] ("k,"): illegal character: ,'],
  [{ tags: { k: 'v%' } }, 'Invalid tag value with key [k] ("v%"): illegal character: %'],
  [
    { timestamp: 17952186400000 },
    /^bad timestamp=17952186400000 when trying to add value=\[.*\] to metric=a\.b, tags=\{host=x\}$/.source,
  ],
  [
    { tags: Object.fromEntries('abcdefghi'.split('').map((name) => [name, 'x'])) },
    /^Too many tags: 9 maximum allowed: 8, tags: \{a=x, b=x, .*\}$/.source,
  ],
] as const) {
  test(`tsd refuses by HTTP: ${JSON.stringify(fault).slice(0, 60)}`, async (t) => {
    const tsd = await tsdOf(t);
    const { status, json } = await put(tsd, [good, { ...good, ...fault }]);
    t.is(status, 400);
    t.like(json, { success: 1, failed: 1 });
    if (error.startsWith('^')) t.regex(json.errors[0].error.replace('/0 to', ' to'), new RegExp(error));
    else t.is(json.errors[0].error, error);
    t.deepEqual([tsd.counts.accepted, tsd.counts.refused], [1, 1]);
  });
}

for (const value of [
  '1',
  '+5',
  '-0',
  '1.5',
  '1e+21',
  '1e-7',
  '9223372036854775807',
  '-9223372036854775808',
  '.5',
  '5.',
]) {
  test(`tsd stores the value ${value} as it was written`, async (t) => {
    const tsd = await tsdOf(t);
    t.is((await put(tsd, [{ ...good, value }])).status, 200);
    t.is(tsd.points()[0]?.value, value);
  });
}

test('tsd keeps the text of a number literal', async (t) => {
  const tsd = await tsdOf(t);
  await put(tsd, '{"metric":"a","timestamp":1795218640123,"value":158.0,"tags":{"n":7}}', '');
  t.deepEqual(tsd.points(), [{ metric: 'a', timestamp: 1795218640123, unit: 'ms', value: '158.0', tags: { n: '7' } }]);
});

for (const [body, message] of [
  ['', 'Missing request content'],
  ['[]', 'No datapoints found in content'],
  ['hello', 'The JSON must start as an object or an array'],
  ['[{]', 'Unable to parse the given JSON'],
  ['[{"metric":"a","timestamp":"x","value":1,"tags":{"a":"b"}}]', 'Unable to parse the given JSON'],
  ['[{"metric":{},"timestamp":1,"value":1,"tags":{"a":"b"}}]', 'Unable to parse the given JSON'],
  ['[{"metric":"a","timestamp":1,"value":1,"tags":"x"}]', 'Unable to parse the given JSON'],
  ['[1]', 'Unable to parse the given JSON'],
] as const) {
  test(`tsd stores nothing of the body ${JSON.stringify(body)}`, async (t) => {
    const { status, json } = await put(await tsdOf(t), body);
    t.is(status, 400);
    t.is(json.error.message, message);
    t.true(json.error.trace.length > 5_000);
  });
}

test('tsd counts bytes as sent: 8193 and more are chunked', async (t) => {
  const tsd = await tsdOf(t);
  const padded = (bytes: number): string => JSON.stringify([good]).padEnd(bytes);
  t.is((await put(tsd, padded(8192))).status, 200);
  const { status, text } = await put(tsd, padded(8193));
  t.is(status, 400);
  t.regex(text, /^<!DOCTYPE html>[^]*Chunked request not supported\./);
  const many = Array.from({ length: 500 }, (_, index) => ({ ...good, value: index }));
  t.is((await put(tsd, gzipSync(JSON.stringify(many)), '?summary', { 'content-encoding': 'gzip' })).json.success, 500);
});

test('tsd with enable_chunked closes the connection on a body above max_chunk', async (t) => {
  const tsd = await tsdOf(t, { maxChunkBytes: 20_000 });
  t.is((await put(tsd, JSON.stringify([good]).padEnd(20_000))).status, 200);
  await t.throwsAsync(put(tsd, JSON.stringify([good]).padEnd(20_001)), { message: /fetch failed/ });
});

for (const headers of [{ 'transfer-encoding': 'chunked' }, { expect: '100-continue', 'content-length': '2' }]) {
  test(`tsd refuses ${Object.keys(headers)[0]} of any size, and the connection stays usable`, async (t) => {
    const { port } = await tsdOf(t);
    const status = await new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/api/put', headers });
      sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      if ('expect' in headers) sent.flushHeaders();
      else sent.end('[]');
      t.teardown(() => sent.destroy());
    });
    t.is(status, 400);
  });
}

test('tsd closes the connection on invalid gzip', async (t) => {
  const tsd = await tsdOf(t);
  await t.throwsAsync(put(tsd, 'no gzip', '', { 'content-encoding': 'gzip' }), { message: /fetch failed/ });
});

for (const [method, path, status, message] of [
  ['GET', '/api/put', 405, 'Method not allowed'],
  ['GET', '/nothing', 404, 'Endpoint not found'],
  ['DELETE', '/api/uid/assign', 405, 'Method not allowed'],
] as const) {
  test(`tsd answers ${method} ${path} with ${status}`, async (t) => {
    const response = await fetch((await tsdOf(t)).url + path, { method });
    t.is(response.status, status);
    t.is(((await response.json()) as { error: { message: string } }).error.message, message);
  });
}

test('tsd accepts a put at /api/put/, and none in read-only mode', async (t) => {
  t.is((await fetch(`${(await tsdOf(t)).url}/api/put/`, { method: 'POST', body: JSON.stringify(good) })).status, 204);
  t.is((await put(await tsdOf(t, { isReadOnly: true }), good)).status, 404);
});

test('tsd assigns names, with an error for each that exists or is illegal', async (t) => {
  const tsd = await tsdOf(t, { autoCreateMetrics: false });
  const assign = async (body: unknown) => {
    const response = await fetch(`${tsd.url}/api/uid/assign`, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, json: await response.json() };
  };
  t.is((await put(tsd, good)).json.errors[0].error, 'Unknown metric');
  t.deepEqual(await assign({ metric: ['a.b'] }), { status: 200, json: { metric: { 'a.b': '000001' } } });
  t.deepEqual(await assign({ metric: ['a.b', 'c'], tagv: ['b!'] }), {
    status: 400,
    json: {
      metric: { c: '000002' },
      metric_errors: { 'a.b': 'Name already exists with UID: 000001' },
      tagv: {},
      tagv_errors: { 'b!': 'Invalid tagv ("b!"): illegal character: !' },
    },
  });
  t.is((await put(tsd, good)).status, 200);
  t.deepEqual(await (await fetch(`${tsd.url}/api/suggest?type=metrics&q=a`)).json(), ['a.b']);
});

test('tsd stores letters beyond Latin-1 as question marks, so two names become one', async (t) => {
  const tsd = await tsdOf(t);
  await put(tsd, { ...good, tags: { host: '東京' } });
  t.is((await put(tsd, { ...good, tags: { host: '中国' } })).json.errors[0].error, 'Unexpected exception');
  t.is((await put(tsd, { ...good, tags: { host: '中国' } })).status, 200);
  t.deepEqual(
    tsd.points().map(({ tags }) => tags),
    [{ host: '??' }, { host: '??' }],
  );
});

test('tsd remembers the last points only', async (t) => {
  const stored: DataPoint[] = [];
  const tsd = await tsdOf(t, { rememberedPoints: 3, onPoint: (point) => stored.push(point) });
  await put(
    tsd,
    Array.from({ length: 10 }, (_, index) => ({ ...good, value: index })),
  );
  t.deepEqual(
    tsd.points().map(({ value }) => value),
    ['7', '8', '9'],
  );
  t.is(stored.length, 10);
});

test('tsd closes with connections open', async (t) => {
  const open = await openTsd();
  const socket = connect(open.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await open.close();
  await closed;
  t.pass();
});
