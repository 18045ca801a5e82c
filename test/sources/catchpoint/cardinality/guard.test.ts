// The cardinality guard: what is known passes, what is new passes up to the bounds, and what is refused brings nothing.

import test from 'ava';
import { cardinalityGuard, type CardinalityBounds } from '../../../../src/sources/catchpoint/cardinality/guard.ts';
import { rememberedWords } from '../../../../src/sources/catchpoint/cardinality/known-names.ts';
import type { Measurement } from '../../../../src/sources/catchpoint/measurement.ts';
import { labelTag, runTagger } from '../../../../src/sources/catchpoint/run-tags.ts';
import { dimensions } from '../../../../src/sources/catchpoint/slices.ts';

const node = { id: 312, asn: 4837, active: true };
const run = (changes: Partial<Measurement> = {}): Measurement => ({ testId: 1, nodeId: 312, timeMs: 1, ...changes });

function guarded({
  known = rememberedWords(),
  slices = dimensions,
  ...bounds
}: Partial<CardinalityBounds> & { known?: ReturnType<typeof rememberedWords>; slices?: typeof dimensions | [] } = {}) {
  const tagsOfRun = runTagger({ testAsTag: true, testNameTag: true, labelTags: [labelTag('Team')] });
  return cardinalityGuard({
    bounds: { maxTests: 2, maxNodes: 1, maxTagValues: 1, ...bounds },
    known,
    tagsOfRun,
    slices,
  });
}

test('tests pass up to the bound, and those that have passed go on to', (t) => {
  const guard = guarded();
  t.deepEqual(
    [1, 2, 3, 1, 2].map((testId) => guard.refusal(run({ testId }), node)),
    [
      undefined,
      undefined,
      'test 3: not seen before, and 2 tests are known; --max-tests raises the bound',
      undefined,
      undefined,
    ],
  );
});

test('nodes of the directory always pass, others up to the bound', (t) => {
  const guard = guarded();
  for (let nodeId = 1; nodeId < 10; nodeId += 1)
    t.is(guard.refusal(run({ nodeId }), { ...node, id: nodeId }), undefined);
  t.is(guard.refusal(run({ nodeId: 100 }), undefined), undefined);
  t.is(
    guard.refusal(run({ nodeId: 101 }), undefined),
    'node 101: in no listing, not seen before, and 1 such nodes are known; --max-nodes raises the bound',
  );
  t.is(guard.refusal(run({ nodeId: 101 }), { ...node, id: 101 }), undefined);
});

const values: readonly (readonly [
  what: string,
  first: Partial<Measurement>,
  second: Partial<Measurement>,
  tag: string,
])[] = [
  ['error codes', { error: '50010' }, { error: '50011' }, 'error=50011'],
  ["AS numbers unlike the node's own", { asn: 1 }, { asn: 2 }, 'asn=2'],
  ['test names', { testName: 'A test' }, { testName: 'Another' }, 'testname=Another'],
  ['values of a label', { labels: { team: ['edge'] } }, { labels: { team: ['web'] } }, 'Team=web'],
];

for (const [what, first, second, shown] of values) {
  test(`${what} pass up to the bound`, (t) => {
    const guard = guarded();
    t.deepEqual([guard.refusal(run(first), node), guard.refusal(run(first), node)], [undefined, undefined]);
    t.is(
      guard.refusal(run(second), node),
      `${shown}: not seen before, and 1 values of ${shown.split('=')[0]} are known; --max-tag-values raises the bound`,
    );
  });
}

test("the node's own AS number counts for nothing, nor does what no slice shows", (t) => {
  const guard = guarded({ maxTagValues: 1, slices: [] });
  t.deepEqual(
    [1, 2, 3].map((asn) => guard.refusal(run({ asn, error: String(asn) }), node)),
    [undefined, undefined, undefined],
  );
  const all = guarded({ maxTagValues: 1 });
  t.deepEqual(
    [1, 2].map((asn) => all.refusal(run({ asn }), { ...node, asn })),
    [undefined, undefined],
  );
});

test('a run that is refused for one thing brings nothing else either', (t) => {
  const known = rememberedWords();
  const guard = guarded({ known });
  guard.refusal(run({ error: '1' }), node);
  t.regex(guard.refusal(run({ testId: 2, error: '2' }), node) ?? '', /^error=2/);
  t.deepEqual([...known.all('test')], ['1']);
});

test('the status says how full it is', (t) => {
  const guard = guarded();
  guard.refusal(run({ nodeId: 9, error: '1', testName: 'a' }), undefined);
  t.deepEqual(guard.status(), {
    tests: { known: 1, most: 2 },
    nodes: { known: 1, most: 1 },
    tagValues: { error: { known: 1, most: 1 }, testname: { known: 1, most: 1 } },
  });
});
