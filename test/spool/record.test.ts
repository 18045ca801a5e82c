// Records keep their points, and damage to any of their bytes is seen.

import test from 'ava';
import { decodeRecord, encodeRecord, isIntact } from '../../src/spool/record.ts';
import { points } from '../fakes/points.ts';

const record = { appendedAtMs: 1794994452345, before: { points: 14, bytes: 1301 }, points: points(3) };

test('a record reads back as it was written, value text and order of tags included', (t) => {
  const read = decodeRecord(encodeRecord(record));
  t.deepEqual(read, record);
  t.is(JSON.stringify(read.points), JSON.stringify(record.points));
});

test('a flip of any bit and a cut at any byte is seen', (t) => {
  const bytes = encodeRecord(record);
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ 4;
    t.false(isIntact(flipped));
    t.throws(() => decodeRecord(flipped), { name: 'DamagedRecord' });
    t.false(isIntact(bytes.subarray(0, at)));
  }
  t.true(isIntact(bytes));
});
