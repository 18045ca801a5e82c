// Medians, ranges and ratios.

import test from 'ava';
import { median, range, ratios } from './medians.ts';

test('the median of an odd number of values is the middle one', (t) => {
  t.is(median([9, 100, 1]), 9);
});

test('the median of an even number of values is the mean of the middle two', (t) => {
  t.is(median([4, 1, 3, 100]), 3.5);
});

test('the ends of a range are rounded to the given digits', (t) => {
  t.is(range([0.468, 0.421, 0.44], 2), '0.42-0.47');
});

test('ratios are computed round by round', (t) => {
  t.deepEqual(ratios([1, 8], [2, 4]), [0.5, 2]);
});

test('ratios of different numbers of rounds are an error', (t) => {
  t.throws(() => ratios([1], [1, 2]), { message: 'expected as many rounds of both, found 1 and 2' });
});
