// Positions of sinks whose batches finish in any order.

import test from 'ava';
import fc from 'fast-check';
import {
  finish,
  type FinishedRange,
  finishThrough,
  lastUnfinished,
  nextUnfinished,
  type Position,
  type Range,
} from '../../../src/spool/readers/position.ts';

const start: Position = { through: 0, finished: [], points: 0, bytes: 0 };
/** A range of one point with one byte. */
const of = ([from, through]: Range): FinishedRange => [from, through, 1, 1];

test('batches that finish in order move the low-water mark', (t) => {
  const position = finish(finish(start, of([1, 3])), of([4, 4]));
  t.deepEqual(position, { through: 4, finished: [], points: 2, bytes: 2 });
});

test('a batch that finishes early is remembered until the ones before it finish', (t) => {
  const early = finish(start, of([4, 6]));
  t.deepEqual([early.through, early.finished], [0, [[4, 6, 1, 1]]]);
  const closed = finish(early, of([1, 3]));
  t.deepEqual([closed.through, closed.finished], [6, []]);
});

test('nextUnfinished finds stretches between finished ranges', (t) => {
  const position = finish(finish({ ...start, through: 2 }, of([5, 6])), of([9, 9]));
  t.deepEqual(nextUnfinished(position, 0), { from: 3, before: 5 });
  t.deepEqual(nextUnfinished(position, 5), { from: 7, before: 9 });
  t.deepEqual(nextUnfinished(position, 9), { from: 10, before: Infinity });
});

test('in any order of batches, the low-water mark is before the first unfinished one', (t) => {
  const batches: Range[] = [
    [1, 2],
    [3, 3],
    [4, 8],
    [9, 9],
    [10, 12],
  ];
  const inOrder = fc.property(fc.shuffledSubarray(batches, { minLength: 0 }), (ended) => {
    const position = ended.reduce<Position>((at, range) => finish(at, of(range)), start);
    const firstOpen = batches.find((range) => !ended.includes(range))?.[0] ?? 13;
    return position.through === firstOpen - 1 && nextUnfinished(position, 0).from === firstOpen;
  });
  t.notThrows(() => fc.assert(inOrder));
});

test('lastUnfinished finds stretches between finished ranges', (t) => {
  const position = finish(finish({ ...start, through: 2 }, of([5, 6])), of([9, 9]));
  t.deepEqual(lastUnfinished(position, 12), [10, 12]);
  t.deepEqual(lastUnfinished(position, 9), [7, 8]);
  t.deepEqual(lastUnfinished(position, 6), [3, 4]);
  t.is(lastUnfinished(position, 2), undefined);
});

test('finishThrough keeps finished ranges after the record', (t) => {
  const position = finish(finish({ ...start, through: 2, points: 2, bytes: 2 }, [5, 6, 20, 200]), [9, 9, 10, 100]);
  t.deepEqual(finishThrough(position, 7, { points: 70, bytes: 700 }), {
    through: 7,
    finished: [[9, 9, 10, 100]],
    points: 80,
    bytes: 800,
  });
  t.deepEqual(finishThrough(position, 8, { points: 80, bytes: 800 }), {
    through: 9,
    finished: [],
    points: 90,
    bytes: 900,
  });
  t.is(finishThrough(position, 1, { points: 1, bytes: 1 }), position);
});

test('finishThrough within a finished range keeps the rest of it', (t) => {
  const position = finish(start, [5, 8, 40, 400]);
  t.deepEqual(finishThrough(position, 6, { points: 60, bytes: 600 }), {
    through: 8,
    finished: [],
    points: 80,
    bytes: 800,
  });
});
