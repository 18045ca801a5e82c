// The number of rounds depends on the time that they take.

import test from 'ava';
import { roundsWithin } from './rounds.ts';

/** A clock that advances by `ms` at each reading. */
function clock(stepMs: number): () => number {
  let ms = 0;
  return () => (ms += stepMs);
}

test('all rounds are played within the time limit', (t) => {
  t.deepEqual([...roundsWithin({ most: 3, seconds: 10 }, clock(1))], [0, 1, 2]);
});

test('no round begins after the time limit', (t) => {
  t.deepEqual([...roundsWithin({ most: 9, seconds: 10 }, clock(4000))], [0, 1, 2]);
});

test('the minimum number of rounds is played despite the time limit', (t) => {
  t.deepEqual([...roundsWithin({ most: 9, least: 2, seconds: 1 }, clock(4000))], [0, 1]);
});
