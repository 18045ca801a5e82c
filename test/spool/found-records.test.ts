// What is lost of a damaged store is told by what is found of it: how many records, and how many points in them.

import test from 'ava';
import { foundRecords } from '../../src/spool/found-records.ts';
import type { Position } from '../../src/spool/position.ts';

const pointsEach = 10;

interface Damaged {
  readonly positions: readonly Position[];
  readonly entries: number;
  /** Ranges, both ends included. */
  readonly found: readonly (readonly [from: number, through: number])[];
  readonly countedLost?: readonly number[];
}

function judged({ positions, entries, found, countedLost = [] }: Damaged) {
  const records = foundRecords();
  for (const position of positions) records.position(position);
  for (const sequence of countedLost) records.countedLost(sequence, pointsEach);
  records.counted(entries);
  for (const [from, through] of found) {
    for (let sequence = from; sequence <= through; sequence += 1) records.add({ kind: 'record', sequence, points: pointsEach, pointsBefore: (sequence - 1) * pointsEach, text: '' });
  }
  return records;
}

const at = (through: number, finished: Position['finished'] = []): Position => {
  const records = finished.reduce((sum, [from, last]) => sum + last - from + 1, through);
  return { through, finished, points: records * pointsEach, bytes: records * 100 };
};
const goneAt = (position: Position, through: number): Position => ({ ...position, gone: { sinceMs: 0, through, points: through * pointsEach, bytes: through * 100 } });

test('what was deleted while a sink was gone that has come back does not hide what is lost behind it', (t) => {
  const records = judged({ positions: [at(100), at(0, [[51, 100]])], entries: 60, found: [[1, 50], [101, 104]] });
  t.deepEqual([104, 105, 107, 110, 75].map((sequence) => records.isMissing(sequence)), [false, true, true, true, false]);
  t.deepEqual(records.lost(), { records: 6, points: 60 });
  t.false(records.isMissing(111));
});

test('what is lost behind such a hole is told where a part of it is there still', (t) => {
  const records = judged({ positions: [at(100), at(0, [[51, 100]])], entries: 80, found: [[1, 50], [81, 104]] });
  t.true(records.isMissing(110));
  t.deepEqual(records.lost(), { records: 6, points: 60 });
});

test('what was deleted between the records that are held for a sink that is gone does not hide what is lost behind it', (t) => {
  const records = judged({ positions: [at(150), goneAt(at(0, [[51, 100]]), 150)], entries: 110, found: [[1, 50], [101, 154]] });
  t.deepEqual([154, 155, 160, 161].map((sequence) => records.isMissing(sequence)), [false, true, true, false]);
  t.deepEqual(records.lost(), { records: 6, points: 60 });
});

test('a copy is wanted even where a sink that had let something be deleted is known no more', (t) => {
  const records = judged({ positions: [at(0, [[51, 100]])], entries: 60, found: [[1, 50], [101, 104]] });
  t.true(records.isMissing(107));
});

test('what is finished out of order is stored, and not told as lost when it is', (t) => {
  const records = judged({ positions: [at(10, [[21, 30]])], entries: 40, found: [[11, 20], [31, 50]] });
  t.deepEqual(records.lost(), { records: 0, points: 0 });
});

test('the points of what was counted as lost before are in no other record', (t) => {
  const records = judged({ positions: [at(4, [[6, 7]])], entries: 16, countedLost: [5], found: [[6, 9], [11, 20]] });
  t.deepEqual(records.lost(), { records: 1, points: 10 });
});

test('with no position known, what is lost is told by the records alone', (t) => {
  t.deepEqual(judged({ positions: [], entries: 10, found: [[21, 24], [26, 28]] }).lost(), { records: 3, points: 30 });
});
