// The rows of the benchmark's table, and its page.

import test from 'ava';
import { pageOf } from './page.ts';
import { type Bar, row, tableOf, unmeasured, wantedOf } from './row.ts';

const atLeast: Bar = { way: 'at least', value: 0.75, stretch: 0.9, digits: 2 };
const atMost: Bar = { way: 'at most', value: 1.5, digits: 2, unit: ' KB' };

test('the median of the rounds is compared with the target', (t) => {
  t.is(row(1, 'pushes', atLeast, [0.7, 0.8, 0.76], '').reached, '0.76 (0.70-0.80, 3 rounds): reached');
  t.is(row(1, 'pushes', atLeast, [0.7, 0.8, 0.74], '').reached, '0.74 (0.70-0.80, 3 rounds): missed');
  t.is(row(1, 'pushes', atLeast, [0.9, 0.95, 0.1], '').reached, '0.90 (0.10-0.95, 3 rounds): better than wanted');
});

test('a figure above an upper bound misses the target', (t) => {
  t.is(row(6, 'written', atMost, [1.5], '').reached, '1.50 KB: reached');
  t.is(row(6, 'written', atMost, [1.51], '').reached, '1.51 KB: missed');
});

test('the target has its unit and the more ambitious target', (t) => {
  t.is(wantedOf(atLeast), 'at least 0.75, better 0.90');
  t.is(wantedOf(atMost), 'at most 1.50 KB');
});

test('a row without a figure has a reason', (t) => {
  t.is(
    tableOf([unmeasured(4, 'vmagent', 'at least 0.8', 'vmagent is not installed')])
      .split('\n')
      .at(-1),
    '| 4 | vmagent | at least 0.8 | not run: vmagent is not installed |  |',
  );
});

test('the page has the table, the machine, the date, the Node version and the command', (t) => {
  const rows = [row(6, 'written', atMost, [1.2], 'write_bytes 2.0 KB')];
  const page = pageOf(rows, {
    machine: '2 × Some CPU',
    node: 'v20.0.0',
    date: '2026-01-02',
    command: 'npm run bench -- --write',
    minutes: 5.25,
    othersShare: 0.25,
  });
  t.true(page.includes(tableOf(rows)));
  t.true(
    page.includes(
      "2026-01-02; 2 × Some CPU; Node v20.0.0; `npm run bench -- --write`, 5.3 minutes, in which others took 25 % of the machine's CPU time.",
    ),
  );
});
