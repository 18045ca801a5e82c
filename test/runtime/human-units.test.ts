// Texts of sizes and ages.

import test from 'ava';
import { formatBytes, formatAge } from '../../src/runtime/human-units.ts';

test('a size is shown in the largest unit that is not below one', (t) => {
  t.deepEqual([0, 1, 1023, 1024, 1536, 2 ** 30, 5 * 2 ** 50].map(formatBytes), [
    '0 B',
    '1 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '1 GiB',
    '5120 TiB',
  ]);
});

test('an age is shown in whole units, two at least beyond seconds', (t) => {
  const seconds = [-5, 0, 119, 120, 7199, 7200, 172_799, 172_800];
  t.deepEqual(
    seconds.map((each) => formatAge(0, each * 1000)),
    ['0 s', '0 s', '119 s', '2 min', '119 min', '2 h', '47 h', '2 days'],
  );
});
