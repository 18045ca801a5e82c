// Holds the simulated OpenTSDB to what the real one was measured to do, by HTTP.

import test, { type ExecutionContext } from 'ava';
import { request } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { DataPoint } from '../../../src/model/point.ts';
import { openTsd, type Tsd, type TsdOptions } from '../../../src/simulator/tsd/tsd.ts';
import type { Storage } from '../../../src/simulator/tsd/store.ts';

async function tsd(t: ExecutionContext, options: TsdOptions = {}): Promise<Tsd> {
  const open = await openTsd(options);
  t.teardown(() => open.close());
  return open;
}

const good = { metric: 'a.b', timestamp: 1795218640, value: 1.5, tags: { host: 'x' } };

async function put({ url }: Tsd, body: unknown, flags = '?details', headers: Record<string, string> = {}) {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(`${url}/api/put${flags}`, { method: 'POST', body: text, headers });
  const answer = await response.text();
  return { status: response.status, json: answer.startsWith('{') ? JSON.parse(answer) : undefined, text: answer };
}

const failing: Storage = () => ({ failed: 'Storage exception: Call queue is full' });
const notSaid = 'One or more data points had errors';

for (const [situation, storage, points, flags, status, expected] of [
  ['all accepted', undefined, [good], '', 204, undefined],
  ['all accepted', undefined, [good], '?summary', 200, { success: 1, failed: 0 }],
  ['all accepted', undefined, [good], '?details', 200, { success: 1, failed: 0, errors: [] }],
  ['all accepted', undefined, [good], '?details=false', 200, { success: 1, failed: 0, errors: [] }],
  ['all accepted', undefined, [good], '?summary&details&sync', 200, { success: 1, failed: 0, errors: [] }],
  ['some invalid', undefined, [good, { ...good, tags: {} }], '', 400, notSaid],
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
  ['storage fails, sync', failing, [good], '?sync', 400, notSaid],
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
  test(`tsd answers a put ${flags} with ${status}: ${situation}`, async (t) => {
    const open = await tsd(t, storage === undefined ? {} : { storage });
    const answer = await put(open, points, flags);
    t.is(answer.status, status);
    if (typeof expected === 'string') t.is(answer.json.error.message, expected);
    else t.deepEqual(answer.json, expected);
  });
}

test('tsd says of a hanging storage what sync_timeout makes of it, with the place of a timeout out by the refused points', async (t) => {
  const options: TsdOptions = { storage: () => new Promise(() => {}), sleep: async () => {} };
  const open = await tsd(t, options);
  const timedOut = 'The put call has timedout with 0 successful writes, 0 failed writes and 1 timed out writes.';
  t.is((await put(open, [good], '?sync&sync_timeout=300')).json.error.message, timedOut);
  t.deepEqual((await put(open, [good], '?sync&sync_timeout=300&summary')).json, { success: 0, failed: 0, timeouts: 1 });
  const bad = { ...good, metric: 'bad:name' };
  const { status, json } = await put(open, [bad, good], '?sync&sync_timeout=300&details');
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
    const open = await tsd(t);
    const { status, json } = await put(open, [good, { ...good, ...fault }]);
    t.is(status, 400);
    t.like(json, { success: 1, failed: 1 });
    if (error.startsWith('^')) t.regex(json.errors[0].error.replace('/0 to', ' to'), new RegExp(error));
    else t.is(json.errors[0].error, error);
    t.deepEqual([open.counts.accepted, open.counts.refused], [1, 1]);
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
  test(`tsd takes the value ${value} and tells it as it was written`, async (t) => {
    const open = await tsd(t);
    t.is((await put(open, [{ ...good, value }])).status, 200);
    t.is(open.points()[0]?.value, value);
  });
}

test('tsd keeps the text of a number literal', async (t) => {
  const open = await tsd(t);
  await put(open, '{"metric":"a","timestamp":1795218640123,"value":158.0,"tags":{"n":7}}', '');
  t.deepEqual(open.points(), [{ metric: 'a', timestamp: 1795218640123, unit: 'ms', value: '158.0', tags: { n: '7' } }]);
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
    const { status, json } = await put(await tsd(t), body);
    t.is(status, 400);
    t.is(json.error.message, message);
    t.true(json.error.trace.length > 5_000);
  });
}

test('tsd counts bytes on the wire: 8192 pass, 8193 are chunked', async (t) => {
  const open = await tsd(t);
  const padded = (bytes: number): string => JSON.stringify([good]).padEnd(bytes);
  t.is((await put(open, padded(8192))).status, 200);
  const { status, text } = await put(open, padded(8193));
  t.is(status, 400);
  t.regex(text, /^<!DOCTYPE html>[^]*Chunked request not supported\./);
  const many = Array.from({ length: 500 }, (_, index) => ({ ...good, value: index }));
  t.is((await put(open, gzipSync(JSON.stringify(many)), '?summary', { 'content-encoding': 'gzip' })).json.success, 500);
});

test('tsd with enable_chunked closes the connection on a body above max_chunk', async (t) => {
  const open = await tsd(t, { maxChunkBytes: 20_000 });
  t.is((await put(open, JSON.stringify([good]).padEnd(20_000))).status, 200);
  await t.throwsAsync(put(open, JSON.stringify([good]).padEnd(20_001)), { message: /fetch failed/ });
});

for (const headers of [{ 'transfer-encoding': 'chunked' }, { expect: '100-continue', 'content-length': '2' }]) {
  test(`tsd refuses ${Object.keys(headers)[0]} of any size, and the connection stays usable`, async (t) => {
    const { port } = await tsd(t);
    const status = await new Promise((resolve, reject) => {
      const asking = request({ host: '127.0.0.1', port, method: 'POST', path: '/api/put', headers });
      asking.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      if ('expect' in headers) asking.flushHeaders();
      else asking.end('[]');
      t.teardown(() => asking.destroy());
    });
    t.is(status, 400);
  });
}

test('tsd closes the connection on what is not gzip', async (t) => {
  const open = await tsd(t);
  await t.throwsAsync(put(open, 'no gzip', '', { 'content-encoding': 'gzip' }), { message: /fetch failed/ });
});

for (const [method, path, status, message] of [
  ['GET', '/api/put', 405, 'Method not allowed'],
  ['GET', '/nothing', 404, 'Endpoint not found'],
  ['DELETE', '/api/uid/assign', 405, 'Method not allowed'],
] as const) {
  test(`tsd answers ${method} ${path} with ${status}`, async (t) => {
    const response = await fetch((await tsd(t)).url + path, { method });
    t.is(response.status, status);
    t.is(((await response.json()) as { error: { message: string } }).error.message, message);
  });
}

test('tsd takes /api/put/ as well, and in read-only mode neither', async (t) => {
  t.is((await fetch(`${(await tsd(t)).url}/api/put/`, { method: 'POST', body: JSON.stringify(good) })).status, 204);
  t.is((await put(await tsd(t, { isReadOnly: true }), good)).status, 404);
});

test('tsd assigns names, and says of each that is there or illegal what is the matter', async (t) => {
  const open = await tsd(t, { autoCreateMetrics: false });
  const assign = async (body: unknown) => {
    const response = await fetch(`${open.url}/api/uid/assign`, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, json: await response.json() };
  };
  t.is((await put(open, good)).json.errors[0].error, 'Unknown metric');
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
  t.is((await put(open, good)).status, 200);
  t.deepEqual(await (await fetch(`${open.url}/api/suggest?type=metrics&q=a`)).json(), ['a.b']);
});

test('tsd stores letters beyond Latin-1 as question marks, and so takes two names for one', async (t) => {
  const open = await tsd(t);
  await put(open, { ...good, tags: { host: '東京' } });
  t.is((await put(open, { ...good, tags: { host: '中国' } })).json.errors[0].error, 'Unexpected exception');
  t.is((await put(open, { ...good, tags: { host: '中国' } })).status, 200);
  t.deepEqual(
    open.points().map(({ tags }) => tags),
    [{ host: '??' }, { host: '??' }],
  );
});

test('tsd remembers the last points only', async (t) => {
  const seen: DataPoint[] = [];
  const open = await tsd(t, { rememberedPoints: 3, onPoint: (point) => seen.push(point) });
  await put(
    open,
    Array.from({ length: 10 }, (_, index) => ({ ...good, value: index })),
  );
  t.deepEqual(
    open.points().map(({ value }) => value),
    ['7', '8', '9'],
  );
  t.is(seen.length, 10);
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
