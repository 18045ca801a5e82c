// The command line of the benchmark.

import test from 'ava';
import { readSettings } from './settings.ts';

test('the default is all rows but those that take minutes', (t) => {
  t.deepEqual(
    [...readSettings([]).only].toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14],
  );
});

test('the long run adds the memory and starts with a backlog', (t) => {
  for (const row of [8, 13]) t.true(readSettings(['--long']).only.has(row));
});

test('rows are selected by number and by the name of their part', (t) => {
  t.deepEqual([...readSettings(['--only', 'drain,2,pushes']).only], [7, 2, 1, 3, 6]);
});

test('an unknown row is an error', (t) => {
  t.throws(() => readSettings(['--only', '15']), { message: /^expected one of pushes, vmagent, .* found 15$/ });
});

test('an invalid number is an error', (t) => {
  t.throws(() => readSettings(['--rounds', 'many']), { message: '--rounds: expected a number above 0, found many' });
});
