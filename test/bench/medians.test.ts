// Tests of the medians, ranges and ratios of the benchmark.

import test from 'ava';
import { median, range, ratios } from './medians.ts';

test('the median of an odd number of values is the one in the middle by size', (t) => {
  t.is(median([9, 100, 1]), 9);
});

test('the median of an even number of values is half way between the two in the middle', (t) => {
  t.is(median([4, 1, 3, 100]), 3.5);
});

test('a range has its ends rounded to the digits wanted', (t) => {
  t.is(range([0.468, 0.421, 0.44], 2), '0.42-0.47');
});

test('ratios are made round by round', (t) => {
  t.deepEqual(ratios([1, 8], [2, 4]), [0.5, 2]);
});

test('ratios of different numbers of rounds are refused', (t) => {
  t.throws(() => ratios([1], [1, 2]), { message: 'expected as many rounds of both, found 1 and 2' });
});
