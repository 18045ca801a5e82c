// How the OpenTSDB sink by HTTP rules on each point of a batch by what is said of some of them.

import test from 'ava';
import type { DataPoint } from '../../../../src/model/point.ts';
import type { Verdict } from '../../../../src/model/sink.ts';
import { points } from '../../../fakes/points.ts';
import { answers, refuses, type Fault } from '../../../fakes/tsd.ts';
import { asLine } from '../../contract.ts';
import { forever, httpBench } from './sink-under-test.ts';

/** A verdict with the points as their numbers in the batch. */
function numbered({ rejected, kept }: Verdict, batch: readonly DataPoint[]) {
  const numbers = (rulings: Verdict['kept']) =>
    rulings.map(({ point }) => batch.indexOf(point) + 1).toSorted((a, b) => a - b);
  return { rejected: numbers(rejected), kept: numbers(kept) };
}

function echo({ metric, timestamp, value, tags }: DataPoint, more: object = {}) {
  return { metric, timestamp, value: String(value), tags: { ...tags, ...more } };
}

const batch = points(4);
const [one, two, three, four] = batch as [DataPoint, DataPoint, DataPoint, DataPoint];

for (const [title, status, body, verdict] of [
  ['all taken', 200, { success: 4, failed: 0, errors: [] }, { rejected: [], kept: [] }],
  ['all taken, without a list of errors', 200, { success: 4, failed: 0 }, { rejected: [], kept: [] }],
  [
    'one with illegal characters',
    400,
    {
      success: 3,
      failed: 1,
      errors: [{ error: 'Invalid metric name ("x:"): illegal character: :', datapoint: echo(two) }],
    },
    { rejected: [2], kept: [] },
  ],
  [
    'one that the storage failed, told by a 200',
    200,
    {
      success: 3,
      failed: 1,
      errors: [{ error: 'Storage exception: Call queue is full, illegal character', datapoint: echo(three) }],
    },
    { rejected: [], kept: [3] },
  ],
  [
    'one of each kind',
    400,
    {
      success: 1,
      failed: 3,
      errors: [
        { error: 'Please throttle', datapoint: echo(one) },
        { error: 'Unable to parse value to a number', datapoint: echo(two) },
        { error: 'Unexpected exception', datapoint: echo(four) },
      ],
    },
    { rejected: [2], kept: [1, 4] },
  ],
  [
    'an error in words that nobody has described',
    400,
    { success: 3, failed: 1, errors: [{ error: 'Moon in the wrong phase', datapoint: echo(one) }] },
    { rejected: [], kept: [1] },
  ],
  [
    'an echo with a tag added by tsd.http.header_tag, and the value in another form',
    400,
    {
      success: 3,
      failed: 1,
      errors: [{ error: 'Too many tags: 9', datapoint: { ...echo(one, { dc: 'x' }), value: '1.50' } }],
    },
    { rejected: [1], kept: [] },
  ],
  [
    'a timeout: whoever is not named with another error is kept, the one named with it too',
    400,
    {
      success: 2,
      failed: 1,
      timeouts: 1,
      errors: [
        { error: 'Empty value', datapoint: echo(one) },
        { error: 'Write timedout', datapoint: echo(one) },
      ],
    },
    { rejected: [1], kept: [2, 3, 4] },
  ],
  [
    'a timeout told by the count alone',
    400,
    { success: 3, failed: 0, timeouts: 1, errors: [] },
    { rejected: [], kept: [1, 2, 3, 4] },
  ],
  ['more taken than were sent', 200, { success: 5, failed: 0, errors: [] }, { rejected: [], kept: [1, 2, 3, 4] }],
  ['fewer ruled on than were sent', 200, { success: 3, failed: 0, errors: [] }, { rejected: [], kept: [1, 2, 3, 4] }],
  [
    'failures of the storage that are only counted',
    200,
    { success: 3, failed: 1 },
    { rejected: [], kept: [1, 2, 3, 4] },
  ],
  [
    'failures of the storage that are only counted, beside a list',
    200,
    { success: 2, failed: 2, errors: [] },
    { rejected: [], kept: [1, 2, 3, 4] },
  ],
  [
    'an error about a point that was not sent',
    400,
    { success: 3, failed: 1, errors: [{ error: 'Empty value', datapoint: { ...echo(one), metric: 'other' } }] },
    { rejected: [], kept: [1, 2, 3, 4] },
  ],
  [
    'an error without a point',
    400,
    { success: 3, failed: 1, errors: [{ error: 'Empty value' }] },
    { rejected: [], kept: [1, 2, 3, 4] },
  ],
  [
    'one named, another only counted',
    400,
    { success: 2, failed: 2, errors: [{ error: 'Empty value', datapoint: echo(four) }] },
    { rejected: [4], kept: [1, 2, 3] },
  ],
  ['all refused, without a word', 400, { success: 0, failed: 4 }, { rejected: [], kept: [1, 2, 3, 4] }],
] as const) {
  test(`opentsdb http reads a ${status}: ${title}`, async (t) => {
    const { tsd, sink } = await httpBench(t);
    tsd.play(answers(status, JSON.stringify(body)));
    t.deepEqual(numbered(await sink.write(batch, forever), batch), {
      rejected: [...verdict.rejected],
      kept: [...verdict.kept],
    });
    t.is(tsd.requests.length, 1);
  });
}

test('opentsdb http rules on twins apart: as many are kept as are named', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const twins = [one, { ...one }, two];
  tsd.play(
    answers(
      200,
      JSON.stringify({ success: 2, failed: 1, errors: [{ error: 'Please throttle', datapoint: echo(one) }] }),
    ),
  );
  t.is((await sink.write(twins, forever)).kept.length, 1);
});

test('opentsdb http keeps what the storage fails and loses nothing else', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.store(({ value }) => (Number(value) % 2 > 1 ? 'stored' : { failed: 'Storage exception: Call queue is full' }));
  const all = points(20);
  const { kept, rejected } = await sink.write(all, forever);
  t.is(rejected.length, 0);
  t.is(kept.length, 10);
  tsd.store(() => 'stored');
  t.deepEqual(
    await sink.write(
      kept.map(({ point }) => point),
      forever,
    ),
    { rejected: [], kept: [] },
  );
  t.deepEqual(tsd.points().map(asLine).toSorted(), all.map(asLine).toSorted());
});

test('opentsdb http keeps what a hanging storage has not answered for when sync_timeout is over', async (t) => {
  const { tsd, sink, clock } = await httpBench(t);
  tsd.store(({ metric }) => (metric.endsWith('.3') ? new Promise(() => {}) : 'stored'));
  const writing = sink.write(batch, forever);
  await tsd.untilRequests(1);
  while (clock.sleepers() < 2) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(10_000);
  const { kept, rejected } = await writing;
  t.deepEqual(
    kept.map(({ reason }) => reason),
    ['Write timedout', 'Write timedout', 'Write timedout', 'Write timedout'],
  );
  t.deepEqual(rejected, []);
});

/** Refuses every body in which one of the points stands, as Jackson does. */
function chokesOn(...metrics: readonly string[]): Fault {
  return async ({ request, body }, answer) => {
    const text = (await import('node:zlib')).gunzipSync(await body()).toString();
    const isBad = metrics.some((metric) => text.includes(`"${metric}"`));
    return isBad ? refuses('Unable to parse the given JSON')({ request, body }, answer) : answer();
  };
}

test('opentsdb http finds the point that spoils a body, and its neighbours arrive', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const all = points(50);
  tsd.always(chokesOn('catchpoint.rtt.by_node.7', 'catchpoint.rtt.by_node.33'));
  const verdict = await sink.write(all, forever);
  t.deepEqual(numbered(verdict, all), { rejected: [7, 33], kept: [] });
  t.is(verdict.rejected[0]?.reason, 'Unable to parse the given JSON');
  t.deepEqual(
    tsd.points().map(asLine).toSorted(),
    all
      .filter((_, index) => index !== 6 && index !== 32)
      .map(asLine)
      .toSorted(),
  );
  t.true(tsd.requests.length <= 26, String(tsd.requests.length));
});

test('opentsdb http rejects a point that spoils a body of its own', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.always(chokesOn(one.metric));
  t.deepEqual(numbered(await sink.write([one], forever), [one]), { rejected: [1], kept: [] });
});

for (const count of [1, 2, 7, 50]) {
  test(`opentsdb http gives up no point when every request is refused by a plugin: ${count} points`, async (t) => {
    const { tsd, sink } = await httpBench(t);
    tsd.always(refuses('Unable to check Authentication for/api/put'));
    await t.throwsAsync(sink.write(points(count), forever), { message: /Unable to check Authentication/ });
    t.is(tsd.requests.length, 2);
  });
}

for (const count of [2, 7, 50]) {
  test(`opentsdb http gives up no point when all of them are refused, each alone: ${count} points`, async (t) => {
    const { tsd, sink } = await httpBench(t);
    tsd.always(chokesOn(...points(count).map(({ metric }) => metric)));
    await t.throwsAsync(sink.write(points(count), forever), { message: /every point is refused.*Unable to parse/ });
    t.true(tsd.requests.length < 30);
  });
}

test('opentsdb http keeps the half that nobody answers for, and does not write the other half again', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.play(answers(413), (_, answer) => answer(), answers(503));
  t.deepEqual(numbered(await sink.write(batch, forever), batch), { rejected: [], kept: [3, 4] });
  t.deepEqual(tsd.points().map(asLine), [one, two].map(asLine));
});

test('opentsdb http throws when its points get lost on the way', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.always(refuses('No datapoints found in content'));
  await t.throwsAsync(sink.write(points(1), forever), { message: /No datapoints found/ });
});

test('opentsdb http finds the points that are only counted, and keeps them', async (t) => {
  const { tsd, sink } = await httpBench(t);
  tsd.always(async ({ body }, answer) => {
    const result = await answer();
    const text = (await import('node:zlib')).gunzipSync(await body()).toString();
    const failed = text.includes('by_node.9"') ? 1 : 0;
    const success = text.split('"metric"').length - 1 - failed;
    return typeof result === 'object' && failed > 0
      ? { status: 400, body: JSON.stringify({ success, failed }) }
      : result;
  });
  const all = points(20);
  t.deepEqual(numbered(await sink.write(all, forever), all), { rejected: [], kept: [9] });
});
