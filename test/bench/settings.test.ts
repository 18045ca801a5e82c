// Tests of the benchmark's command line.

import test from 'ava';
import { readSettings } from './settings.ts';

test('without a choice all rows are measured but those that take minutes', (t) => {
  t.deepEqual(
    [...readSettings([]).only].toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12],
  );
});

test('the long run has the memory, and starts while much waits, too', (t) => {
  for (const row of [8, 13]) t.true(readSettings(['--long']).only.has(row));
});

test('rows are chosen by their numbers and by the names of what is measured together', (t) => {
  t.deepEqual([...readSettings(['--only', 'drain,2,pushes']).only], [7, 2, 1, 3, 6]);
});

test('a row that there is not is refused', (t) => {
  t.throws(() => readSettings(['--only', '14']), { message: /^expected one of pushes, vmagent, .* found 14$/ });
});

test('a number that is none is refused', (t) => {
  t.throws(() => readSettings(['--rounds', 'many']), { message: '--rounds: expected a number above 0, found many' });
});
