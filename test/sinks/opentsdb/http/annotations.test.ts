// Annotations of points: written after the points, with a verdict of their own that does not affect the points.

import test from 'ava';
import { gunzipSync } from 'node:zlib';
import type { Annotation, DataPoint } from '../../../../src/model/point.ts';
import { allAccepted } from '../../../../src/model/sink.ts';
import { points } from '../../../fakes/points.ts';
import { answers, closed, refuses, type Fault } from '../../../fakes/tsd.ts';
import { forever } from '../../contract.ts';
import { httpFixture } from './http-fixture.ts';

const annotation = (startMs: number): Annotation => ({
  startMs,
  description: `event ${startMs}`,
  notes: 'a\nb',
  custom: { repo: 'web' },
});
const annotated = (count: number, first = 1): DataPoint[] =>
  points(count, first).map((point, index) => ({ ...point, annotation: annotation(1794994452001 + index) }));
const isAnnotation = (path: string): boolean => path === '/api/annotation/bulk';

/** Applies the fault to annotations alone. */
function onAnnotations(fault: Fault): Fault {
  return (exchange, answer) => (isAnnotation(exchange.request.url ?? '') ? fault(exchange, answer) : answer());
}

test('a point with an annotation is put without it, and the annotation is written in bulk', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const [first, second] = annotated(2) as [DataPoint, DataPoint];
  const ends = { ...second, annotation: { ...annotation(1794994452002), endMs: 1794994453000 } };
  t.deepEqual(await sink.write([first, ...points(1, 9), ends], forever), allAccepted);
  const requests = tsd.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
  t.deepEqual(requests, ['POST /api/put', 'POST /api/annotation/bulk']);
  t.notRegex(gunzipSync(tsd.requests[0]?.body as Buffer).toString(), /event/);
  const shared = { notes: 'a\nb', custom: { repo: 'web' } };
  t.deepEqual(tsd.annotations(), [
    { startTime: 1794994452001, description: 'event 1794994452001', ...shared },
    { startTime: 1794994452002, endTime: 1794994453, description: 'event 1794994452002', ...shared },
  ]);
  t.is(tsd.points().length, 3);
  t.deepEqual(sink.status().annotations, { written: 2, skipped: 0 });
});

test('points without annotations cause no further request', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  await sink.write(points(3), forever);
  t.is(tsd.requests.length, 1);
});

test('equal annotations are sent in the same bytes', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  await sink.write(annotated(3), forever);
  await sink.write(annotated(3), forever);
  const bodies = tsd.requests.filter(({ path }) => isAnnotation(path)).map(({ body }) => body);
  t.deepEqual(bodies[0], bodies[1]);
  t.is(tsd.annotations().length, 3);
});

for (const [receiver, fault] of [
  [
    'VictoriaMetrics',
    answers(400, 'remoteAddr: "x"; unexpected path requested on HTTP OpenTSDB server: "/api/annotation/bulk"'),
  ],
  ['an OpenTSDB without the endpoint', refuses('Endpoint not found', 404)],
  ['a proxy that refuses the method', answers(405, '<html>no</html>')],
] as const) {
  test(`${receiver} accepts the points; annotations are skipped, and tried again after an hour`, async (t) => {
    const { tsd, sink, clock } = await httpFixture(t);
    tsd.always(onAnnotations(fault));
    for (const first of [1, 3, 5]) t.deepEqual(await sink.write(annotated(2, first), forever), allAccepted);
    t.is(tsd.points().length, 6);
    t.is(tsd.requests.filter(({ path }) => isAnnotation(path)).length, 1);
    t.deepEqual(sink.status().annotations, { written: 0, skipped: 6 });
    tsd.always(undefined);
    await clock.advance(3_600_000);
    await sink.write(annotated(2, 7), forever);
    t.deepEqual(sink.status().annotations, { written: 2, skipped: 6 });
  });
}

test('points whose annotations failed are kept, and no others', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  for (const fault of [answers(503, 'busy'), closed, answers(401, 'no')]) {
    tsd.always(onAnnotations(fault));
    const batch = [...points(2, 50), ...annotated(2)];
    const { rejected, kept } = await sink.write(batch, forever);
    t.deepEqual([rejected, kept.map(({ point }) => point)], [[], batch.slice(2)]);
    t.true(kept.every(({ isStored }) => isStored === true));
    t.true(kept.every(({ reason }) => reason.startsWith('annotation alone, its point is stored: ')));
  }
});

test('an annotation that OpenTSDB refuses is rejected, and the others are written', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const [first, second, third] = annotated(3) as [DataPoint, DataPoint, DataPoint];
  const wrong = { ...second, annotation: annotation(-1) };
  const { rejected, kept } = await sink.write([first, wrong, third], forever);
  t.deepEqual([rejected.map(({ point }) => point), kept], [[wrong], []]);
  t.regex(
    rejected[0]?.reason ?? '',
    /^annotation alone, its point is stored: answered 400: .*The start timestamp has not been set/,
  );
  const written = tsd.annotations().map(({ startTime }) => startTime);
  t.deepEqual(written, [1794994452001, 1794994452003]);
});

test('only the annotation of a stored point is written', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const stored = annotated(2).map((point) => ({ ...point, only: 'annotation' as const }));
  tsd.always(onAnnotations(answers(503, 'busy')));
  const { kept } = await sink.write(stored, forever);
  const keptPoints = kept.map(({ point }) => point);
  t.deepEqual(keptPoints, stored);
  tsd.always(undefined);
  t.deepEqual(await sink.write(stored, forever), allAccepted);
  t.deepEqual([tsd.points(), tsd.annotations().length], [[], 2]);
  t.like(sink.status(), { accepted: 0, rejected: 0, kept: 0 });
});

test('the annotation of a rejected point is not written', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const [good, bad] = annotated(2) as [DataPoint, DataPoint];
  const { rejected } = await sink.write([good, { ...bad, value: 'NaN' }], forever);
  t.is(rejected.length, 1);
  t.is(tsd.annotations().length, 1);
});

test('many long annotations are split into bodies within the limit', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const long = annotated(40).map((point, index) => ({
    ...point,
    annotation: { ...annotation(1 + index), notes: 'ü€'.repeat(500) },
  }));
  t.deepEqual(await sink.write(long, forever), allAccepted);
  t.is(tsd.annotations().length, 40);
  t.true(tsd.requests.every(({ body }) => body.length <= 8192));
});

test('a write is cancelled when the signal aborts while annotations are written', async (t) => {
  const { tsd, sink } = await httpFixture(t);
  const aborting = new AbortController();
  const reason = new Error('enough');
  tsd.always(
    onAnnotations(() => {
      aborting.abort(reason);
      return new Promise(() => {});
    }),
  );
  t.is(await t.throwsAsync(sink.write(annotated(1), { signal: aborting.signal })), reason);
});
