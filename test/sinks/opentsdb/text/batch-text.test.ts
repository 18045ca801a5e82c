// Batches are rendered to the same bytes as their points one by one, or not at all where a point is illegal or unusual.

import test from 'ava';
import fc from 'fast-check';
import { expanded, isFactored } from '../../../../src/model/factored-points.ts';
import type { Annotation, FactoredPoints, Points } from '../../../../src/model/point.ts';
import { batchRenderer, type BatchRenderer } from '../../../../src/sinks/opentsdb/text/batch-text.ts';
import { renderLegal } from '../../../../src/sinks/opentsdb/text/render.ts';
import { encodePoints, pointsDecoder } from '../../../../src/spool/log/payload.ts';
import { points } from '../../../fakes/points.ts';
import { runs } from '../../../fakes/batches.ts';
import { arbitraryDeliveries, mostly } from '../../arbitrary-deliveries.ts';
import { point } from '../../contract.ts';

const maxBytes = 300;

/** Renders the points one by one; undefined for none, and where one is illegal or has an annotation. */
function oneByOne(deliveries: readonly Points[]): string | undefined {
  const all = deliveries.flatMap(expanded);
  const { legal, rejected } = renderLegal(all, 'json', maxBytes);
  const isUnusual =
    rejected.length > 0 || all.some(({ annotation, only }) => annotation !== undefined || only !== undefined);
  return isUnusual || all.length === 0 ? undefined : `[${legal.map(({ text }) => text).join(',')}]`;
}

function rendered(render: BatchRenderer, delivered: readonly Points[]): string | undefined {
  return render(delivered)?.toString();
}

const annotation: Annotation = { startMs: 1794994452001, description: 'event', custom: {} };
const deliveries = arbitraryDeliveries({
  name: mostly(
    fc.constantFrom('node', 'asn', 'country', 'city', 'status', 'nodeid', 'a-b_c./d', '7'),
    fc.constantFrom('', 'a b', 'São', '__proto__', 'x'.repeat(200)),
  ),
  value: mostly(
    fc.constantFrom('1.0', '0', '-7', '158.25', '1e3', '9223372036854775807'),
    fc.constantFrom('NaN', '', '9223372036854775808', '1e999'),
  ),
  time: fc.record({
    timestamp: mostly(fc.constantFrom(1, 1794994452), fc.constantFrom(0, 1.5, 1794994452123)),
    unit: mostly(fc.constant('s' as const), fc.constant('ms' as const)),
  }),
  stem: mostly(fc.constantFrom('', 'catchpoint.rtt.by_'), fc.constantFrom('a b', 'São', '__proto__', 'x'.repeat(200))),
  tail: mostly(fc.constantFrom('', '.204417'), fc.constantFrom('a b', 'São', '__proto__', 'x'.repeat(200))),
  maxTags: 2,
  extra: mostly(fc.constant({}), fc.constant({ annotation })),
});

test('a batch is rendered to the same text as its points, or not at all', (t) => {
  const render = batchRenderer(maxBytes);
  let renderedCount = 0;
  fc.assert(
    fc.property(deliveries, (delivered) => {
      const text = rendered(render, delivered);
      if (text === undefined) return;
      renderedCount += 1;
      t.deepEqual([text], [oneByOne(delivered)]);
    }),
    { numRuns: 5000 },
  );
  t.true(renderedCount > 300, String(renderedCount));
});

test('runs with the same cuts are rendered from templates', (t) => {
  const render = batchRenderer(maxBytes);
  const delivered = [...runs(6), points(2), []];
  t.is(rendered(render, delivered), oneByOne(delivered));
  t.is(rendered(render, runs(4)), oneByOne(runs(4)));
  const named = runs(2).map((run) => ({ ...run, tags: { test: 'Home', env: 'prod' } }));
  t.regex(rendered(render, named) ?? '', /"status":"ok","test":"Home","env":"prod"\}\}/);
  t.is(rendered(render, named), oneByOne(named));
  t.is(rendered(render, []), undefined);
});

test('runs with the same cuts and tags differ in their values, and an illegal value is detected', (t) => {
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

test('runs decoded from the log with individual tags or points share one template', (t) => {
  let iterations = 0;
  const { cuts: shared } = runs(1)[0] as FactoredPoints;
  const series = [
    { stem: 'a.', value: '1' },
    { stem: 'b.', value: '1.0', tags: { status: 'error' } },
  ];
  const decode = pointsDecoder();
  const render = batchRenderer(maxBytes);
  const decodedRun = (change: Partial<FactoredPoints>): Points => {
    const points = decode(
      encodePoints({ timestamp: 1794994452, unit: 's', tail: '.1', series, cuts: shared, rest: [], ...change }),
    );
    if (!isFactored(points)) return points;
    // The decoder returns equal cuts as the same object, which is iterated when a template is made.
    const { cuts } = points.cuts;
    if (!Object.hasOwn(cuts, Symbol.iterator))
      Object.defineProperty(cuts, Symbol.iterator, {
        value: () => ((iterations += 1), Array.prototype.values.call(cuts)),
      });
    return points;
  };
  for (const change of [{ rest: points(1) }, { tags: { test: 'Home' } }] as const) {
    iterations = 0;
    for (let at = 0; at < 30; at += 1) {
      const delivered = decodedRun(change);
      const text = rendered(render, [delivered]);
      const iterationsSoFar = iterations;
      t.is(text, oneByOne([delivered]));
      iterations = iterationsSoFar;
    }
    t.true(iterations <= 1, `${iterations} times`);
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
  ['an illegal series tag', { series: [{ ...one, tags: { status: '' } }] }],
  ['an illegal run tag', { tags: { 'te st': 'x' } }],
  ['a ninth tag', { tags: Object.fromEntries('abcdefg'.split('').map((letter) => [letter, 'x'])) }],
  ['a point too long', { series: [{ ...one, stem: 'm'.repeat(maxBytes) }] }],
  ['an annotation', { rest: [{ ...point(), annotation }] }],
  ['a point without tags', { rest: [{ ...point(), tags: {} }] }],
  ['a run tag with the name of a cut', { tags: { asn: '1' } }],
  ['a run tag whose name is a number', { tags: { 7: 'x' } }],
] as readonly (readonly [string, Partial<FactoredPoints>])[]) {
  test(`a batch is not rendered with ${title}`, (t) => {
    t.is(batchRenderer(maxBytes)([...runs(2), { ...run, ...change }]), undefined);
  });
}

test('a point of the maximum length is rendered, a longer one is not', (t) => {
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
