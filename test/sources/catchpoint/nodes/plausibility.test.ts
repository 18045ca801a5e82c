// A listing that tells less than before is believed only when it stays so.

import test from 'ava';
import fc from 'fast-check';
import type { Node } from '../../../../src/sources/catchpoint/nodes/node.ts';
import { apartMs, plausibility } from '../../../../src/sources/catchpoint/nodes/plausibility.ts';

const nodes = (from: number, to: number, more: Partial<Node> = {}): Node[] =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, active: true, ...more }));
const listing = (listed: readonly Node[], skipped = 0) => ({ nodes: listed, skipped });

test('the first listing is believed, unless it is empty', (t) => {
  t.is(plausibility().doubt(listing(nodes(1, 4)), [], 0), undefined);
  t.is(plausibility().doubt(listing([]), [], 0), 'it is empty');
  t.is(plausibility().doubt(listing([], 7), [], 0), 'none of its 7 entries has a usable id');
});

test('four fifths of the active nodes known have to be in it', (t) => {
  const before = nodes(1, 101);
  t.is(plausibility().doubt(listing(nodes(1, 81)), before, 0), undefined);
  t.is(plausibility().doubt(listing(nodes(1, 80)), before, 0), 'of the 100 active nodes known it holds only 79');
  t.is(plausibility().doubt(listing(nodes(201, 401)), before, 0), 'of the 100 active nodes known it holds only 0');
});

test('inactive and retired nodes may go', (t) => {
  const before = [...nodes(1, 11), ...nodes(11, 51, { active: false }), ...nodes(51, 101, { retiredAtMs: 1 })];
  t.is(plausibility().doubt(listing(nodes(1, 11)), before, 0), undefined);
});

test('a fifth of unusable entries is too many', (t) => {
  t.is(plausibility().doubt(listing(nodes(1, 81), 19), [], 0), undefined);
  t.is(plausibility().doubt(listing(nodes(1, 81), 20), [], 0), '20 of its 100 entries have no usable id');
});

test('two further listings that agree with each other are believed', (t) => {
  const before = nodes(1, 101);
  const plausible = plausibility();
  t.not(plausible.doubt(listing(nodes(1, 31)), before, 0), undefined);
  t.not(plausible.doubt(listing(nodes(1, 51)), before, apartMs), undefined);
  t.is(plausible.doubt(listing(nodes(1, 51)), before, 2 * apartMs), undefined);
});

test('two further listings that do not agree are not believed, until two in a row do', (t) => {
  const before = nodes(1, 101);
  const plausible = plausibility();
  for (const [turn, to] of [10, 20, 30, 40].entries())
    t.not(plausible.doubt(listing(nodes(1, to)), before, turn * apartMs), undefined);
  t.is(plausible.doubt(listing(nodes(1, 40)), before, 5 * apartMs), undefined);
});

test('listings in quick succession count as one', (t) => {
  const plausible = plausibility();
  for (let turn = 0; turn < 10; turn += 1)
    t.not(plausible.doubt(listing(nodes(1, 31)), nodes(1, 101), turn * 60_000), undefined);
});

test('a plausible listing between them ends the doubt', (t) => {
  const before = nodes(1, 101);
  const plausible = plausibility();
  plausible.doubt(listing(nodes(1, 31)), before, 0);
  plausible.doubt(listing(nodes(1, 31)), before, apartMs);
  t.is(plausible.doubt(listing(before), before, 2 * apartMs), undefined);
  t.not(plausible.doubt(listing(nodes(1, 31)), before, 3 * apartMs), undefined);
});

test('no listing of less than four fifths is ever believed at first sight', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 300 }), (known, held) => {
        const doubt = plausibility().doubt(listing(nodes(1, held + 1)), nodes(1, known + 1), 0);
        return (doubt === undefined) === (held > 0 && Math.min(held, known) >= 0.8 * known);
      }),
    ),
  );
});
