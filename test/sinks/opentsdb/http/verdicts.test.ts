// The OpenTSDB HTTP sink derives a verdict on each point of a batch from every kind of answer.

import test from 'ava';
import { gunzipSync } from 'node:zlib';
import type { DataPoint } from '../../../../src/model/point.ts';
import { allAccepted, type Verdict } from '../../../../src/model/sink.ts';
import { points } from '../../../fakes/points.ts';
import { answers, refuses, type Fault } from '../../../fakes/tsd.ts';
import { asLine, forever, sortedLines } from '../../contract.ts';
import { httpFixture } from './http-fixture.ts';

/** A verdict with the numbers of its points in the batch. */
function numbered({ rejected, kept }: Verdict, batch: readonly DataPoint[]) {
  const numbers = (failed: Verdict['kept']) =>
    failed.map(({ point }) => batch.indexOf(point) + 1).toSorted((a, b) => a - b);
  return { rejected: numbers(rejected), kept: numbers(kept) };
}

/** An element of `errors`, with the point as OpenTSDB echoes it. */
function failed(error: string, { metric, timestamp, value, tags }: DataPoint, changed: object = {}) {
  return { error, datapoint: { metric, timestamp, value, tags, ...changed } };
}

const batch = points(4);
const [one, two, three, four] = batch as [DataPoint, DataPoint, DataPoint, DataPoint];
const all = [1, 2, 3, 4];

for (const [title, status, body, rejected, kept] of [
  ['all accepted', 200, { success: 4, failed: 0, errors: [] }, [], []],
  ['all accepted, without a list of errors', 200, { success: 4, failed: 0 }, [], []],
  [
    'one with illegal characters',
    400,
    { success: 3, failed: 1, errors: [failed('Invalid metric name ("x:"): illegal character: :', two)] },
    [2],
    [],
  ],
  [
    'one that the storage failed',
    200,
    { success: 3, failed: 1, errors: [failed('Storage exception: Call queue is full, illegal character', three)] },
    [],
    [3],
  ],
  [
    'one of each kind',
    400,
    {
      success: 1,
      failed: 3,
      errors: [
        failed('Please throttle', one),
        failed('Unable to parse value to a number', two),
        failed('Unexpected exception', four),
      ],
    },
    [2],
    [1, 4],
  ],
  [
    'an unknown error message',
    400,
    { success: 3, failed: 1, errors: [failed('Moon in the wrong phase', one)] },
    [],
    [1],
  ],
  [
    'an echo with a tag added by tsd.http.header_tag and the value in another form',
    400,
    {
      success: 3,
      failed: 1,
      errors: [failed('Too many tags: 9', one, { tags: { ...one.tags, dc: 'x' }, value: '1.50' })],
    },
    [1],
    [],
  ],
  [
    'a timeout: points without another error are kept, whichever it names',
    400,
    { success: 2, failed: 1, timeouts: 1, errors: [failed('Empty value', one), failed('Write timedout', one)] },
    [1],
    [2, 3, 4],
  ],
  ['a timeout in the counts alone', 400, { success: 3, failed: 0, timeouts: 1, errors: [] }, [], all],
  ['more accepted than sent', 200, { success: 5, failed: 0, errors: [] }, [], all],
  ['fewer counted than sent', 200, { success: 3, failed: 0, errors: [] }, [], all],
  ['storage failures in the counts alone', 200, { success: 3, failed: 1 }, [], all],
  ['storage failures in the counts, and an empty list', 200, { success: 2, failed: 2, errors: [] }, [], all],
  [
    'an error about a point that was not sent',
    400,
    { success: 3, failed: 1, errors: [failed('Empty value', one, { metric: 'other' })] },
    [],
    all,
  ],
  ['an error without a point', 400, { success: 3, failed: 1, errors: [{ error: 'Empty value' }] }, [], all],
  [
    'one named, and another only counted',
    400,
    { success: 2, failed: 2, errors: [failed('Empty value', four)] },
    [4],
    [1, 2, 3],
  ],
  ['all refused, in the counts alone', 400, { success: 0, failed: 4 }, [], all],
] as readonly (readonly [string, number, object, number[], number[]])[]) {
  test(`opentsdb http reads a ${status}: ${title}`, async (t) => {
    const { tsd, sink } = await httpFixture(t);
    tsd.play(answers(status, JSON.stringify(body)));
    t.deepEqual(numbered(await sink.write(batch, forever), batch), { rejected, kept });
    t.is(tsd.requests.length, 1);
  });
}

test('opentsdb http keeps as many of equal points as the answer names', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const body = { success: 2, failed: 1, errors: [failed('Please throttle', one)] };
  tsd.play(answers(200, JSON.stringify(body)));
  t.is((await sink.write([one, { ...one }, two], forever)).kept.length, 1);
});

test('opentsdb http keeps the points that the storage fails, and accepts the others', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.store(({ value }) => (Number(value) % 2 > 1 ? 'stored' : { failed: 'Storage exception: Call queue is full' }));
  const { kept, rejected } = await sink.write(points(20), forever);
  t.is(rejected.length, 0);
  t.is(kept.length, 10);
  tsd.store(() => 'stored');
  const again = kept.map(({ point }) => point);
  t.deepEqual(await sink.write(again, forever), allAccepted);
  t.deepEqual(sortedLines(tsd.points()), sortedLines(points(20)));
});

test('opentsdb http keeps the whole batch when sync_timeout expires', async (t) => {
  const { tsd, sink, clock } = await httpFixture(t);
  tsd.store(({ metric }) => (metric.endsWith('.3') ? new Promise(() => {}) : 'stored'));
  const writing = sink.write(batch, forever);
  await tsd.untilRequests(1);
  while (clock.sleepers() < 2) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(10_000);
  const { kept, rejected } = await writing;
  const reasons = kept.map(({ reason }) => reason);
  t.deepEqual(reasons, Array(4).fill('Write timedout'));
  t.deepEqual(rejected, []);
});

/** Refuses every body with one of the metrics, as Jackson does. */
function chokesOn(...metrics: readonly string[]): Fault {
  return async (exchange, answer) => {
    const text = gunzipSync(await exchange.body()).toString();
    const isRefused = metrics.some((metric) => text.includes(`"${metric}"`));
    return isRefused ? refuses('Unable to parse the given JSON')(exchange, answer) : answer();
  };
}

test('opentsdb http finds the points for which a body is refused, and the others are received', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const sent = points(50);
  tsd.always(chokesOn('catchpoint.rtt.by_node.7', 'catchpoint.rtt.by_node.33'));
  const verdict = await sink.write(sent, forever);
  t.deepEqual(numbered(verdict, sent), { rejected: [7, 33], kept: [] });
  t.is(verdict.rejected[0]?.reason, 'Unable to parse the given JSON');
  const others = sent.filter((_, index) => index !== 6 && index !== 32);
  t.deepEqual(sortedLines(tsd.points()), sortedLines(others));
  t.true(tsd.requests.length <= 26, String(tsd.requests.length));
});

test('opentsdb http rejects a single point for which its body is refused', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(chokesOn(one.metric));
  t.deepEqual(numbered(await sink.write([one], forever), [one]), { rejected: [1], kept: [] });
});

for (const count of [1, 2, 7, 50]) {
  test(`opentsdb http rejects no point when a plugin refuses every request: ${count} points`, async (t) => {
    const { tsd, sink } = await httpFixture(t);
    tsd.always(refuses('Unable to check Authentication for/api/put'));
    await t.throwsAsync(sink.write(points(count), forever), { message: /Unable to check Authentication/ });
    t.is(tsd.requests.length, 2);
  });
}

for (const count of [2, 7, 50]) {
  test(`opentsdb http rejects no point when each is refused in its own request: ${count} points`, async (t) => {
    const { tsd, sink } = await httpFixture(t);
    tsd.always(chokesOn(...points(count).map(({ metric }) => metric)));
    await t.throwsAsync(sink.write(points(count), forever), { message: /every point is refused.*Unable to parse/ });
    t.true(tsd.requests.length < 30);
  });
}

test('opentsdb http keeps the half without an answer, and does not send the other half again', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.play(answers(413), (_, answer) => answer(), answers(503));
  t.deepEqual(numbered(await sink.write(batch, forever), batch), { rejected: [], kept: [3, 4] });
  t.deepEqual(tsd.points().map(asLine), [one, two].map(asLine));
});

test('opentsdb http throws when a proxy drops the body', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(refuses('No datapoints found in content'));
  await t.throwsAsync(sink.write(points(1), forever), { message: /No datapoints found/ });
});

test('opentsdb http finds and keeps points that an answer only counts', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(async ({ body }, answer) => {
    const result = await answer();
    const text = gunzipSync(await body()).toString();
    const failed = text.includes('by_node.9"') ? 1 : 0;
    const success = text.split('"metric"').length - 1 - failed;
    return typeof result === 'object' && failed > 0
      ? { status: 400, body: JSON.stringify({ success, failed }) }
      : result;
  });
  const sent = points(20);
  t.deepEqual(numbered(await sink.write(sent, forever), sent), { rejected: [], kept: [9] });
});
