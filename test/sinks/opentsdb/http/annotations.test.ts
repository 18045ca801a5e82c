// The annotations that points carry: written beside their points, with a verdict of their own, and in nobody's way.

import test from 'ava';
import { gunzipSync } from 'node:zlib';
import type { Annotation, DataPoint } from '../../../../src/model/point.ts';
import { points } from '../../../fakes/points.ts';
import { answers, closed, refuses, type Fault } from '../../../fakes/tsd.ts';
import { forever, httpBench } from './sink-under-test.ts';

const annotation = (startMs: number): Annotation => ({
  startMs,
  description: `event ${startMs}`,
  notes: 'a\nb',
  custom: { repo: 'web' },
});
const annotated = (count: number, first = 1): DataPoint[] =>
  points(count, first).map((point, index) => ({ ...point, annotation: annotation(1794994452001 + index) }));
const isAnnotation = (path: string): boolean => path === '/api/annotation/bulk';

/** A fault of the annotations' end point alone. */
const ofAnnotations =
  (fault: Fault): Fault =>
  (exchange, answer) =>
    isAnnotation(exchange.request.url ?? '') ? fault(exchange, answer) : answer();

test('a point with an annotation is put without it, and the annotation is written in bulk', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const [first, second] = annotated(2) as [DataPoint, DataPoint];
  const ends = { ...second, annotation: { ...annotation(1794994452002), endMs: 1794994453000 } };
  t.deepEqual(await sink.write([first, ...points(1, 9), ends], forever), { rejected: [], kept: [] });
  t.deepEqual(
    tsd.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`),
    ['POST /api/put', 'POST /api/annotation/bulk'],
  );
  t.notRegex(gunzipSync(tsd.requests[0]?.body as Buffer).toString(), /event/);
  t.deepEqual(tsd.annotations(), [
    { startTime: 1794994452001, description: 'event 1794994452001', notes: 'a\nb', custom: { repo: 'web' } },
    {
      startTime: 1794994452002,
      endTime: 1794994453000,
      description: 'event 1794994452002',
      notes: 'a\nb',
      custom: { repo: 'web' },
    },
  ]);
  t.is(tsd.points().length, 3);
  t.deepEqual(sink.status().annotations, { written: 2, skipped: 0 });
});

test('points without annotations ask for nothing more', async (t) => {
  const { tsd, sink } = await httpBench(t);
  await sink.write(points(3), forever);
  t.is(tsd.requests.length, 1);
});

test('annotations are sent again in the same bytes', async (t) => {
  const { tsd, sink } = await httpBench(t);
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
  ['an OpenTSDB without the end point', refuses('Endpoint not found', 404)],
  ['a proxy that lets no such method through', answers(405, '<html>no</html>')],
] as const) {
  test(`${receiver} takes the points; its annotations are skipped, said once, and asked for again after an hour`, async (t) => {
    const { tsd, sink, clock } = await httpBench(t);
    tsd.always(ofAnnotations(fault));
    for (let time = 0; time < 3; time += 1)
      t.deepEqual(await sink.write(annotated(2, 1 + 2 * time), forever), { rejected: [], kept: [] });
    t.is(tsd.points().length, 6);
    t.is(tsd.requests.filter(({ path }) => isAnnotation(path)).length, 1);
    t.deepEqual(sink.status().annotations, { written: 0, skipped: 6 });
    tsd.always(undefined);
    await clock.advance(3_600_000);
    await sink.write(annotated(2, 7), forever);
    t.deepEqual(sink.status().annotations, { written: 2, skipped: 6 });
  });
}

test('points whose annotations were not taken now are kept, and no others', async (t) => {
  const { tsd, sink } = await httpBench(t);
  for (const fault of [answers(503, 'busy'), closed, answers(401, 'no')]) {
    tsd.always(ofAnnotations(fault));
    const batch = [...points(2, 50), ...annotated(2)];
    const { rejected, kept } = await sink.write(batch, forever);
    t.deepEqual([rejected, kept.map(({ point }) => point)], [[], batch.slice(2)]);
    t.true(
      kept.every(
        ({ reason, isStored }) => isStored === true && reason.startsWith('annotation alone, its point is stored: '),
      ),
    );
  }
});

test('of several annotations the one that OpenTSDB refuses is rejected, and the others are written', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const [first, second, third] = annotated(3) as [DataPoint, DataPoint, DataPoint];
  const wrong = { ...second, annotation: annotation(-1) };
  const { rejected, kept } = await sink.write([first, wrong, third], forever);
  t.deepEqual([rejected.map(({ point }) => point), kept], [[wrong], []]);
  t.regex(
    rejected[0]?.reason ?? '',
    /^annotation alone, its point is stored: answered 400: .*The start timestamp has not been set/,
  );
  t.deepEqual(
    tsd.annotations().map(({ startTime }) => startTime),
    [1794994452001, 1794994452003],
  );
});

test('of a point that is stored already its annotation alone is written', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const left = annotated(2).map((point) => ({ ...point, only: 'annotation' as const }));
  tsd.always(ofAnnotations(answers(503, 'busy')));
  const { kept } = await sink.write(left, forever);
  t.deepEqual(
    kept.map(({ point }) => point),
    left,
  );
  tsd.always(undefined);
  t.deepEqual(await sink.write(left, forever), { rejected: [], kept: [] });
  t.deepEqual([tsd.points(), tsd.annotations().length], [[], 2]);
  t.like(sink.status(), { accepted: 0, rejected: 0, kept: 0 });
});

test('the annotation of a point that was not taken is not written yet', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const [good, bad] = annotated(2) as [DataPoint, DataPoint];
  const { rejected } = await sink.write([good, { ...bad, value: 'NaN' }], forever);
  t.is(rejected.length, 1);
  t.is(tsd.annotations().length, 1);
});

test('many long annotations go in bodies that OpenTSDB takes', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const long = annotated(40).map((point, index) => ({
    ...point,
    annotation: { ...annotation(1 + index), notes: 'ü€'.repeat(500) },
  }));
  t.deepEqual(await sink.write(long, forever), { rejected: [], kept: [] });
  t.is(tsd.annotations().length, 40);
  t.true(tsd.requests.every(({ body }) => body.length <= 8192));
});

test('a write is given up when the signal aborts while annotations are written', async (t) => {
  const { tsd, sink } = await httpBench(t);
  const aborting = new AbortController();
  const reason = new Error('enough');
  tsd.always(
    ofAnnotations(() => {
      aborting.abort(reason);
      return new Promise(() => {});
    }),
  );
  t.is(await t.throwsAsync(sink.write(annotated(1), { signal: aborting.signal })), reason);
});
