// The cardinality guard: known names pass, new names pass up to the bounds, and a refused run makes no name known.

import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../../../src/runtime/log.ts';
import { cardinalityGuard, type GuardOptions } from '../../../../src/sources/catchpoint/cardinality/guard.ts';
import { openKnownNames } from '../../../../src/sources/catchpoint/cardinality/known-names.ts';
import type { Measurement } from '../../../../src/sources/catchpoint/measurement.ts';
import { parseLabelTag, runTagger } from '../../../../src/sources/catchpoint/run-tags.ts';
import { dimensions } from '../../../../src/sources/catchpoint/slices.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';

const node = { id: 312, asn: 4837, active: true };
const run = (changes: Partial<Measurement> = {}): Measurement => ({ testId: 1, nodeId: 312, timeMs: 1, ...changes });

/** A guard that allows two tests, one unlisted node, and one value of each tag. */
async function openGuard(t: ExecutionContext, slices: GuardOptions['slices'] = dimensions) {
  const known = await openKnownNames({ stateDir: await temporaryDirectory(t), log: silentLog() });
  t.teardown(() => known.flush());
  const tagsOfRun = runTagger({ testAsTag: true, testNameTag: true, labelTags: [parseLabelTag('Team')] });
  const guard = cardinalityGuard({ bounds: { maxTests: 2, maxNodes: 1, maxTagValues: 1 }, known, tagsOfRun, slices });
  return { ...guard, known };
}

test('tests pass up to the bound, and known tests always', async (t) => {
  const guard = await openGuard(t);
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

test('listed nodes always pass, others up to the bound', async (t) => {
  const guard = await openGuard(t);
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
  ["AS numbers other than the node's", { asn: 1 }, { asn: 2 }, 'asn=2'],
  ['test names', { testName: 'A test' }, { testName: 'Another' }, 'testname=Another'],
  ['values of a label', { labels: { team: ['edge'] } }, { labels: { team: ['web'] } }, 'Team=web'],
];

for (const [what, first, second, shown] of values) {
  test(`${what} pass up to the bound`, async (t) => {
    const guard = await openGuard(t);
    t.deepEqual([guard.refusal(run(first), node), guard.refusal(run(first), node)], [undefined, undefined]);
    t.is(
      guard.refusal(run(second), node),
      `${shown}: not seen before, and 1 values of ${shown.split('=')[0]} are known; --max-tag-values raises the bound`,
    );
  });
}

test("the node's own AS number and names of unwritten slices do not count", async (t) => {
  const none = await openGuard(t, []);
  const all = await openGuard(t);
  for (const asn of [1, 2, 3]) {
    t.is(none.refusal(run({ asn, error: String(asn) }), node), undefined);
    t.is(all.refusal(run({ asn }), { ...node, asn }), undefined);
  }
});

test('a refused run makes none of its names known', async (t) => {
  const guard = await openGuard(t);
  guard.refusal(run({ error: '1' }), node);
  t.regex(guard.refusal(run({ testId: 2, error: '2' }), node) ?? '', /^error=2/);
  t.deepEqual([...guard.known.all('test')], ['1']);
});

test('the status has the numbers and the bounds', async (t) => {
  const guard = await openGuard(t);
  guard.refusal(run({ nodeId: 9, error: '1', testName: 'a' }), undefined);
  t.deepEqual(guard.status(), {
    tests: { known: 1, most: 2 },
    nodes: { known: 1, most: 1 },
    tagValues: { error: { known: 1, most: 1 }, testname: { known: 1, most: 1 } },
  });
});
