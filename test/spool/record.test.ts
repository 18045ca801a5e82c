// Records keep their points, and damage to any of their bytes is seen.

import test from 'ava';
import type { DataPoint } from '../../src/point.ts';
import { decodeRecord, encodeRecord, isIntact, sealed, sealedJson } from '../../src/spool/record.ts';
import { points } from '../fakes/points.ts';

const record = { appendedAtMs: 1794994452345, before: { points: 14, bytes: 1301 }, points: points(3) };

test('a record reads back as it was written, value text and order of tags included', (t) => {
  const read = decodeRecord(7, encodeRecord(7, record));
  t.deepEqual(read, record);
  t.is(JSON.stringify(read.points), JSON.stringify(record.points));
});

test('a record keeps the annotation of a point that has one, and reads what was written before there were any', (t) => {
  const [first, second] = points(2);
  const annotation = { startMs: 1, endMs: 2, description: 'a', notes: 'b\nc', custom: { d: 'e' } };
  const annotated = { ...record, points: [{ ...first, tags: {}, annotation }, second] as DataPoint[] };
  t.deepEqual(decodeRecord(7, encodeRecord(7, annotated)), annotated);
  const before = sealed('[1794994452345,14,1301,[["catchpoint.rtt.by_node.204417",1794994452,"s","164.0",{"nodeid":"312"}]]]', 7);
  const point = { metric: 'catchpoint.rtt.by_node.204417', timestamp: 1794994452, unit: 's', value: '164.0', tags: { nodeid: '312' } };
  t.deepEqual(decodeRecord(7, before).points, [point] as DataPoint[]);
});

test('a flip of any bit, a cut at any byte and another key is seen', (t) => {
  const bytes = encodeRecord(7, record);
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] as number) ^ 4;
    t.false(isIntact(flipped, 7));
    t.throws(() => decodeRecord(7, flipped), { name: 'DamagedRecord' });
    t.false(isIntact(bytes.subarray(0, at), 7));
  }
  t.true(isIntact(bytes, 7));
  t.false(isIntact(bytes, 8));
});

test('an entry is read to its length, and no further into what stands behind it in memory', (t) => {
  const entry = sealedJson(() => {}).encode({ a: 'b' });
  const view = Buffer.concat([entry, Buffer.alloc(100)]);
  Object.defineProperty(view, 'length', { value: entry.length });
  t.deepEqual(sealedJson((error) => t.fail(error.message)).decode(view), { a: 'b' });
});
