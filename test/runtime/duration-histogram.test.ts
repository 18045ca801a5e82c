// The histogram counts durations by upper bounds.

import test from 'ava';
import { durationHistogram } from '../../src/runtime/duration-histogram.ts';

test('a duration counts in every bucket whose bound it does not exceed', (t) => {
  const { add, snapshot } = durationHistogram([0.01, 0.1]);
  for (const ms of [10, 10.5, 100, 5000]) add(ms);
  t.deepEqual(snapshot(), { boundsSeconds: [0.01, 0.1], atMost: [1, 3], count: 4, sumSeconds: 5.1205 });
});

test('a snapshot does not change afterwards', (t) => {
  const { add, snapshot } = durationHistogram([1]);
  add(1);
  const before = snapshot();
  add(1);
  t.deepEqual([before.atMost, before.count, snapshot().count], [[1], 1, 2]);
});
