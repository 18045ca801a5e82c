// A listing of fewer nodes is plausible only when later listings confirm it.

import test from 'ava';
import fc from 'fast-check';
import type { Node } from '../../../../src/sources/catchpoint/nodes/node.ts';
import { minIntervalMs, plausibility } from '../../../../src/sources/catchpoint/nodes/plausibility.ts';

const nodes = (from: number, to: number, more: Partial<Node> = {}): Node[] =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, active: true, ...more }));
const listing = (listed: readonly Node[], skipped = 0) => ({ nodes: listed, skipped });

test('the first listing is plausible, unless it is empty', (t) => {
  t.is(plausibility().doubt(listing(nodes(1, 4)), [], 0), undefined);
  t.is(plausibility().doubt(listing([]), [], 0), 'it is empty');
  t.is(plausibility().doubt(listing([], 7), [], 0), 'none of its 7 entries has a usable id');
});

test('a listing needs four fifths of the known active nodes', (t) => {
  const before = nodes(1, 101);
  t.is(plausibility().doubt(listing(nodes(1, 81)), before, 0), undefined);
  t.is(plausibility().doubt(listing(nodes(1, 80)), before, 0), 'of the 100 active nodes known it holds only 79');
  t.is(plausibility().doubt(listing(nodes(201, 401)), before, 0), 'of the 100 active nodes known it holds only 0');
});

test('inactive and retired nodes may be missing', (t) => {
  const before = [...nodes(1, 11), ...nodes(11, 51, { active: false }), ...nodes(51, 101, { retiredAtMs: 1 })];
  t.is(plausibility().doubt(listing(nodes(1, 11)), before, 0), undefined);
});

test('a fifth of unusable entries is implausible', (t) => {
  t.is(plausibility().doubt(listing(nodes(1, 81), 19), [], 0), undefined);
  t.is(plausibility().doubt(listing(nodes(1, 81), 20), [], 0), '20 of its 100 entries have no usable id');
});

test('two later listings that agree are plausible', (t) => {
  const before = nodes(1, 101);
  const plausible = plausibility();
  t.not(plausible.doubt(listing(nodes(1, 31)), before, 0), undefined);
  t.not(plausible.doubt(listing(nodes(1, 51)), before, minIntervalMs), undefined);
  t.is(plausible.doubt(listing(nodes(1, 51)), before, 2 * minIntervalMs), undefined);
});

test('later listings that differ are implausible until two in a row agree', (t) => {
  const before = nodes(1, 101);
  const plausible = plausibility();
  for (const [turn, to] of [10, 20, 30, 40].entries())
    t.not(plausible.doubt(listing(nodes(1, to)), before, turn * minIntervalMs), undefined);
  t.is(plausible.doubt(listing(nodes(1, 40)), before, 5 * minIntervalMs), undefined);
});

test('listings within 20 minutes count as one', (t) => {
  const plausible = plausibility();
  for (let turn = 0; turn < 10; turn += 1)
    t.not(plausible.doubt(listing(nodes(1, 31)), nodes(1, 101), turn * 60_000), undefined);
});

test('a plausible listing in between discards the earlier doubted listings', (t) => {
  const before = nodes(1, 101);
  const plausible = plausibility();
  plausible.doubt(listing(nodes(1, 31)), before, 0);
  plausible.doubt(listing(nodes(1, 31)), before, minIntervalMs);
  t.is(plausible.doubt(listing(before), before, 2 * minIntervalMs), undefined);
  t.not(plausible.doubt(listing(nodes(1, 31)), before, 3 * minIntervalMs), undefined);
});

test('a first listing of fewer than four fifths is never plausible', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 300 }), (known, held) => {
        const doubt = plausibility().doubt(listing(nodes(1, held + 1)), nodes(1, known + 1), 0);
        return (doubt === undefined) === (held > 0 && Math.min(held, known) >= 0.8 * known);
      }),
    ),
  );
});
