// The text of a batch is byte for byte that of its points, and is made only where each of them may be sent as it is.

import test from 'ava';
import fc from 'fast-check';
import { expanded, isFactored } from '../../../../src/model/factored-points.ts';
import type { Annotation, DataPoint, FactoredPoints, Points } from '../../../../src/model/point.ts';
import { batchRenderer, type BatchRenderer } from '../../../../src/sinks/opentsdb/text/batch-text.ts';
import { renderLegal } from '../../../../src/sinks/opentsdb/text/render.ts';
import { encodePoints, pointsDecoder } from '../../../../src/spool/log/payload.ts';
import { points } from '../../../fakes/points.ts';
import { runs } from '../../../fakes/batches.ts';

const maxBytes = 300;

/** What is sent of the points one by one; undefined where there is none, and where one is not sent, or not as it is. */
function oneByOne(deliveries: readonly Points[]): string | undefined {
  const all = deliveries.flatMap(expanded);
  const { legal, rejected } = renderLegal(all, 'json', maxBytes);
  const isUnusual =
    rejected.length > 0 || all.some(({ annotation, only }) => annotation !== undefined || only !== undefined);
  return isUnusual || all.length === 0 ? undefined : `[${legal.map(({ text }) => text).join(',')}]`;
}

/** What is sent of them as they were delivered. */
function rendered(render: BatchRenderer, delivered: readonly Points[]): string | undefined {
  return render(delivered)?.toString();
}

const annotation: Annotation = { startMs: 1794994452001, description: 'event', custom: {} };
const usually = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 40, arbitrary: usual }, { weight: 1, arbitrary: odd });
const name = fc.constantFrom('node', 'asn', 'country', 'city', 'status', 'nodeid', 'a-b_c./d', '7');
const oddName = fc.constantFrom('', 'a b', 'São', '__proto__', 'x'.repeat(200));
const tags = (most: number): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(usually(name, oddName), usually(name, oddName), { maxKeys: most });
const value = usually(
  fc.constantFrom('1.0', '0', '-7', '158.25', '1e3', '9223372036854775807'),
  fc.constantFrom('NaN', '', '9223372036854775808', '1e999'),
);
const time = {
  timestamp: usually(fc.constantFrom(1, 1794994452), fc.constantFrom(0, 1.5, 1794994452123)),
  unit: usually(fc.constant('s' as const), fc.constant('ms' as const)),
};
const point: fc.Arbitrary<DataPoint> = fc
  .record({
    metric: usually(name, oddName),
    ...time,
    value,
    tags: tags(3),
    isAnnotated: usually(fc.constant(false), fc.constant(true)),
  })
  .map(({ isAnnotated, ...rest }) => (isAnnotated ? { ...rest, annotation } : rest));
const cuts = fc.record({
  tags: tags(2),
  cuts: fc.array(fc.oneof(fc.tuple(usually(name, oddName)), fc.tuple(usually(name, oddName), usually(name, oddName))), {
    maxLength: 4,
  }),
});
const factored = (known: readonly FactoredPoints['cuts'][]): fc.Arbitrary<FactoredPoints> =>
  fc.record(
    {
      ...time,
      tail: usually(fc.constantFrom('', '.204417'), oddName),
      series: fc.array(
        fc.record(
          { stem: usually(fc.constantFrom('', 'catchpoint.rtt.by_'), oddName), value, tags: tags(2) },
          { requiredKeys: ['stem', 'value'] },
        ),
        { maxLength: 3 },
      ),
      cuts: fc.constantFrom(...known),
      tags: tags(2),
      rest: fc.array(point, { maxLength: 2 }),
    },
    { requiredKeys: ['timestamp', 'unit', 'tail', 'series', 'cuts', 'rest'] },
  );
const deliveries = fc
  .array(cuts, { minLength: 1, maxLength: 2 })
  .chain((known) =>
    fc.array(fc.oneof({ weight: 3, arbitrary: factored(known) }, fc.array(point, { maxLength: 2 })), { maxLength: 3 }),
  );

test('whatever is delivered, its text is that of the points, and there is none where one of them may not be sent', (t) => {
  const render = batchRenderer(maxBytes);
  let withText = 0;
  fc.assert(
    fc.property(deliveries, (delivered) => {
      const text = rendered(render, delivered);
      if (text === undefined) return;
      withText += 1;
      t.deepEqual([text], [oneByOne(delivered)]);
    }),
    { numRuns: 5000 },
  );
  t.true(withText > 300, String(withText));
});

test('what is usual has a text, run after run with the same cuts', (t) => {
  const render = batchRenderer(maxBytes);
  const delivered = [...runs(6), points(2), []];
  t.is(rendered(render, delivered), oneByOne(delivered));
  t.is(rendered(render, runs(4)), oneByOne(runs(4)));
  const named = runs(2).map((run) => ({ ...run, tags: { test: 'Home', env: 'prod' } }));
  t.regex(rendered(render, named) ?? '', /"status":"ok","test":"Home","env":"prod"\}\}/);
  t.is(rendered(render, named), oneByOne(named));
  t.is(rendered(render, []), undefined);
});

test('runs that share their cuts and tags have texts of their own, and an illegal value among them is seen', (t) => {
  const render = batchRenderer(maxBytes);
  const [{ cuts: shared }] = runs(1) as [FactoredPoints];
  const [ok, error] = [{ status: 'ok' }, { status: 'error' }];
  const next = (value: string, tags: Readonly<Record<string, string>>): FactoredPoints => ({
    timestamp: 1794994452,
    unit: 's',
    tail: '.1',
    series: [
      { stem: 'a.', value },
      { stem: 'b.', value: '1.0', tags },
    ],
    cuts: shared,
    rest: [],
  });
  const delivered = [next('1', ok), next('2.5', error), next('3', ok), next('2.5', ok), next('4', error)];
  t.is(rendered(render, delivered), oneByOne(delivered));
  t.is(rendered(render, [next('3', ok), next('NaN', ok)]), undefined);
  t.is(rendered(render, [next('NaN', ok)]), undefined);
  t.is(rendered(render, delivered), oneByOne(delivered));
});

test('of runs that come out of the log with tags or an error of their own, what a node says is put together once', (t) => {
  let judged = 0;
  const { cuts: shared } = runs(1)[0] as FactoredPoints;
  const series = [
    { stem: 'a.', value: '1' },
    { stem: 'b.', value: '1.0', tags: { status: 'error' } },
  ];
  const decode = pointsDecoder();
  const render = batchRenderer(maxBytes);
  const later = (change: Partial<FactoredPoints>): Points => {
    const points = decode(
      encodePoints({ timestamp: 1794994452, unit: 's', tail: '.1', series, cuts: shared, rest: [], ...change }),
    );
    if (!isFactored(points)) return points;
    // A decoder has the same cuts come out as the same object. They are gone through when a form is made, and not again.
    const { cuts } = points.cuts;
    if (!Object.hasOwn(cuts, Symbol.iterator))
      Object.defineProperty(cuts, Symbol.iterator, { value: () => ((judged += 1), Array.prototype.values.call(cuts)) });
    return points;
  };
  for (const change of [{ rest: points(1) }, { tags: { test: 'Home' } }] as const) {
    judged = 0;
    for (let at = 0; at < 30; at += 1) {
      const delivered = later(change);
      const text = rendered(render, [delivered]);
      const judgedBefore = judged;
      t.is(text, oneByOne([delivered]));
      judged = judgedBefore;
    }
    t.true(judged <= 1, `${judged} times`);
  }
});

const [run] = runs(1) as [FactoredPoints];
const one = { stem: 'm.', value: '1' };
for (const [title, change] of [
  ['an illegal stem', { series: [{ ...one, stem: 'a b' }] }],
  ['an illegal tail', { tail: '.São' }],
  ['an illegal value', { series: [one, { ...one, value: 'NaN' }] }],
  ['a time in another unit', { unit: 'ms' as const }],
  ['an illegal cut', { cuts: { tags: run.cuts.tags, cuts: [['node'], ['city', 'a b']] } }],
  ['cuts without tags', { cuts: { tags: {}, cuts: [['node']] } }],
  ['an illegal tag of a series', { series: [{ ...one, tags: { status: '' } }] }],
  ['an illegal tag of all', { tags: { 'te st': 'x' } }],
  ['a ninth tag', { tags: Object.fromEntries('abcdefg'.split('').map((letter) => [letter, 'x'])) }],
  ['a point too long', { series: [{ ...one, stem: 'm'.repeat(maxBytes) }] }],
  ['an annotation', { rest: [{ ...(points(1)[0] as DataPoint), annotation }] }],
  ['a point without tags', { rest: [{ ...(points(1)[0] as DataPoint), tags: {} }] }],
  ['a tag of all that is one of the cuts too', { tags: { asn: '1' } }],
  ['a tag of all that stands before the others, being a number', { tags: { 7: 'x' } }],
] as readonly (readonly [string, Partial<FactoredPoints>])[]) {
  test(`a batch has no text of its own with ${title}`, (t) => {
    t.is(batchRenderer(maxBytes)([...runs(2), { ...run, ...change }]), undefined);
  });
}

test('a point may be as long as the bound, and no longer', (t) => {
  const longest = (extra: number): FactoredPoints => ({
    ...run,
    series: [{ stem: 'm'.repeat(300 - longestOf('').length + extra), value: '1' }],
  });
  const longestOf = (stem: string): string =>
    expanded({ ...run, series: [{ stem, value: '1' }] })
      .map((point) => renderLegal([point], 'json', 1000).legal[0]?.text ?? '')
      .reduce((a, b) => (a.length >= b.length ? a : b));
  t.is(rendered(batchRenderer(maxBytes), [longest(0)]), oneByOne([longest(0)]));
  t.not(oneByOne([longest(0)]), undefined);
  t.is(batchRenderer(maxBytes)([longest(1)]), undefined);
});
