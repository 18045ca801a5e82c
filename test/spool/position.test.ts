// How far a sink has come, whatever the order in which its batches end.

import test from 'ava';
import fc from 'fast-check';
import { finish, lastUnfinished, nextUnfinished, type Position, type Range } from '../../src/spool/position.ts';

const start: Position = { through: 0, finished: [], points: 0, bytes: 0 };
const oneEach = { points: 1, bytes: 1 };

test('batches that end in order move the low-water mark', (t) => {
  const position = finish(finish(start, [1, 3], oneEach), [4, 4], oneEach);
  t.deepEqual(position, { through: 4, finished: [], points: 2, bytes: 2 });
});

test('a batch that ends early is remembered until those before it have ended', (t) => {
  const early = finish(start, [4, 6], oneEach);
  t.deepEqual([early.through, early.finished], [0, [[4, 6]]]);
  const closed = finish(early, [1, 3], oneEach);
  t.deepEqual([closed.through, closed.finished], [6, []]);
});

test('what is unfinished is found around the finished ranges', (t) => {
  const position = finish(finish({ ...start, through: 2 }, [5, 6], oneEach), [9, 9], oneEach);
  t.deepEqual(nextUnfinished(position, 0), { from: 3, before: 5 });
  t.deepEqual(nextUnfinished(position, 5), { from: 7, before: 9 });
  t.deepEqual(nextUnfinished(position, 9), { from: 10, before: Infinity });
});

test('in whatever order the batches end, the mark stands before the first that has not', (t) => {
  const batches: Range[] = [[1, 2], [3, 3], [4, 8], [9, 9], [10, 12]];
  const inOrder = fc.property(fc.shuffledSubarray(batches, { minLength: 0 }), (ended) => {
    const position = ended.reduce<Position>((at, range) => finish(at, range, oneEach), start);
    const firstOpen = batches.find((range) => !ended.includes(range))?.[0] ?? 13;
    return position.through === firstOpen - 1 && nextUnfinished(position, 0).from === firstOpen;
  });
  t.notThrows(() => fc.assert(inOrder));
});

test('the last unfinished stretch is found before the finished ranges', (t) => {
  const position = finish(finish({ ...start, through: 2 }, [5, 6], oneEach), [9, 9], oneEach);
  t.deepEqual(lastUnfinished(position, 12), [10, 12]);
  t.deepEqual(lastUnfinished(position, 9), [7, 8]);
  t.deepEqual(lastUnfinished(position, 6), [3, 4]);
  t.is(lastUnfinished(position, 2), undefined);
});
