// The OpenTSDB HTTP sink adapts the size of its bodies and batches.

import test from 'ava';
import { bodySize } from '../../../../src/sinks/opentsdb/http/body-size.ts';
import type { DataPoint } from '../../../../src/model/point.ts';
import { allAccepted } from '../../../../src/model/sink.ts';
import { points } from '../../../fakes/points.ts';
import { answers, closed, type Fault } from '../../../fakes/tsd.ts';
import { movableClock } from '../../../fakes/time.ts';
import { asLine, forever } from '../../contract.ts';
import { httpFixture } from './http-fixture.ts';

/** Points that hardly compress. */
function noisyPoints(count: number): DataPoint[] {
  let seed = 7;
  const noise = (): string => (seed = (seed * 1103515245 + 12345) % 2 ** 31).toString(36);
  return points(count).map((point, index) => ({
    ...point,
    metric: `m${index}.${noise()}${noise()}${noise()}`,
    tags: { a: noise() + noise() + noise() },
  }));
}

test('opentsdb http asks for larger batches once it knows how points compress, and never for more than fit', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  t.is(sink.batchPoints(), 50);
  let writes = 0;
  for (let first = 1; first < 10_000; writes += 1) {
    const count = sink.batchPoints();
    await sink.write(points(count, first), forever);
    first += count;
  }
  t.true(sink.batchPoints() > 300, String(sink.batchPoints()));
  t.true(tsd.requests.every(({ body }) => body.length <= 8192));
  t.is(tsd.requests.length, writes);
});

test('opentsdb http halves a batch whose body is too large', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const all = noisyPoints(500);
  t.deepEqual(await sink.write(all, forever), allAccepted);
  t.true(tsd.requests.length > 1);
  t.true(tsd.requests.every(({ body }) => body.length <= 8192));
  t.deepEqual(tsd.points().map(asLine), all.map(asLine));
  t.true(sink.batchPoints() < 250, String(sink.batchPoints()));
});

/** Applies the fault to bodies above a size. */
function above(bytes: number, fault: Fault): Fault {
  return async (exchange, answer) => ((await exchange.body()).length > bytes ? fault(exchange, answer) : answer());
}

const html = answers(
  400,
  '<html>The reason provided was:<blockquote>Chunked request not supported.</blockquote></html>',
);

for (const [title, fault] of [
  ['as chunked', html],
  ['with 413', answers(413, 'Request Entity Too Large')],
  ['by a closed connection', closed],
] as const) {
  test(`opentsdb http halves a body that is refused ${title}, and grows again slowly`, async (t) => {
    const { tsd, sink } = await httpFixture(t, { sink: { putMaxBytes: 8192 } });
    const all = noisyPoints(160);
    await sink.write(points(1), forever);
    tsd.always(above(3000, fault));
    t.deepEqual(await sink.write(all, forever), allAccepted);
    t.deepEqual(tsd.points().map(asLine).toSorted(), [...points(1), ...all].map(asLine).toSorted());
    const shrunk = sink.batchPoints();
    t.true(shrunk < 100, String(shrunk));
    const before = tsd.requests.length;
    for (let round = 0; round < 60; round += 1) await sink.write(noisyPoints(sink.batchPoints()), forever);
    t.true(sink.batchPoints() > shrunk, `${sink.batchPoints()} after ${shrunk}`);
    t.true(tsd.requests.length - before <= 75, String(tsd.requests.length - before));
  });
}

test('opentsdb http adapts to an OpenTSDB with a lower limit than configured', async (t) => {
  const { tsd, sink } = await httpFixture(t, { sink: { putMaxBytes: 100_000 } });
  const all = noisyPoints(900);
  t.deepEqual(await sink.write(all, forever), allAccepted);
  t.deepEqual(tsd.points().map(asLine), all.map(asLine));
});

test('opentsdb http keeps a single point that is refused for its size', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(answers(413, 'too large'));
  const { kept } = await sink.write(points(1), forever);
  t.is(kept[0]?.reason, 'answered 413: "too large"');
});

test('opentsdb http rejects no point when every size is refused', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.always(answers(413, 'too large'));
  await t.throwsAsync(sink.write(points(40), forever), { message: /every point is refused.*413/ });
});

test('opentsdb http halves a batch whose answer is too long to read', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  tsd.play(answers(400, `{"success":0,"failed":2,"errors":[{"error":"${'x'.repeat(1_200_000)}"}]}`));
  t.deepEqual(await sink.write(points(2), forever), allAccepted);
  t.is(tsd.requests.length, 3);
});

for (const [why, ms] of [
  ['too-large', 600_000],
  ['no-answer', 30_000],
] as const) {
  test(`a size refused as ${why} is tried again after ${ms / 1000} s`, async (t) => {
    const clock = movableClock();
    const size = bodySize(8192, clock);
    size.recordRefused(6000, why);
    t.is(size.maxBytes(), 3000);
    for (let round = 0; round < 100; round += 1) size.recordAccepted(size.maxBytes());
    t.is(size.maxBytes(), 5999);
    await clock.advance(ms + 1);
    for (let round = 0; round < 100; round += 1) size.recordAccepted(size.maxBytes());
    t.is(size.maxBytes(), 8192);
  });
}

test('bodies of few points are ignored', (t) => {
  const size = bodySize(8192, movableClock());
  size.recordCompressed(1000, 50);
  const before = size.batchPoints();
  size.recordCompressed(120, 1);
  t.is(size.batchPoints(), before);
});

test('the bound has a minimum', (t) => {
  const size = bodySize(8192, movableClock());
  for (let round = 0; round < 20; round += 1) size.recordRefused(100, 'too-large');
  t.is(size.maxBytes(), 256);
  t.true(size.batchPoints() >= 1);
});
