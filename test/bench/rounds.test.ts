// Tests of how many rounds the benchmark plays.

import test from 'ava';
import { roundsWithin } from './rounds.ts';

/** A clock that goes on by so much with each look. */
function clock(stepMs: number): () => number {
  let ms = 0;
  return () => (ms += stepMs);
}

test('all rounds are played where there is time', (t) => {
  t.deepEqual([...roundsWithin({ most: 3, seconds: 10 }, clock(1))], [0, 1, 2]);
});

test('no round begins after the time is up', (t) => {
  t.deepEqual([...roundsWithin({ most: 9, seconds: 10 }, clock(4000))], [0, 1, 2]);
});

test('the rounds without which nothing can be said are played whatever they take', (t) => {
  t.deepEqual([...roundsWithin({ most: 9, least: 2, seconds: 1 }, clock(4000))], [0, 1]);
});
