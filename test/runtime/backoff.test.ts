// Pauses between attempts grow, and are random.

import test from 'ava';
import { backoff } from '../../src/runtime/backoff.ts';

test('pauses double up to the cap', (t) => {
  const pauses = [1, 2, 3, 4, 40].map((attempt) => backoff(attempt, () => 1, { baseMs: 100, capMs: 500 }));
  t.deepEqual(pauses, [100, 200, 400, 500, 500]);
});

test('the upper half of a pause is random', (t) => {
  t.is(
    backoff(3, () => 0, { baseMs: 100 }),
    200,
  );
  t.is(
    backoff(3, () => 0.5, { baseMs: 100 }),
    300,
  );
});
