// The benchmark sums up a CPU profile.

import test from 'ava';
import { selfTimes } from './profile.ts';

const frame = (functionName: string, url: string, lineNumber: number) => ({ functionName, url, lineNumber });

test('each sample counts for its function, and for its package or file', (t) => {
  const { byPlace, byFunction } = selfTimes({
    nodes: [
      { id: 1, callFrame: frame('(idle)', '', -1) },
      { id: 2, callFrame: frame('push', 'file:///a/build/src/sources/push.js', 9) },
      { id: 3, callFrame: frame('next', 'file:///a/node_modules/@koa/router/lib/router.js', 19) },
      { id: 4, callFrame: frame('writeBuffer', '', -1) },
      { id: 5, callFrame: frame('', 'file:///a/build/src/sources/push.js', 29) },
    ],
    samples: [1, 2, 3, 4, 5, 2],
    timeDeltas: [1000, 10, 20, 30, 40, 5],
  });
  t.deepEqual(
    [...byPlace],
    [
      ['src/sources/push.js', 55],
      ['@koa/router', 20],
      ['(native)', 30],
    ],
  );
  t.deepEqual(
    [...byFunction],
    [
      ['push src/sources/push.js:10', 15],
      ['next @koa/router:20', 20],
      ['writeBuffer (native):0', 30],
      ['(anonymous) src/sources/push.js:30', 40],
    ],
  );
});
