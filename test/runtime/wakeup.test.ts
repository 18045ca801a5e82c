// A wakeup for one waiting loop.

import test from 'ava';
import { wakeup } from '../../src/runtime/wakeup.ts';

test('several notifications before a wait wake it once', async (t) => {
  const one = wakeup();
  one.notify();
  one.notify();
  await one.wait();
  let isAwakeAgain = false;
  const secondWait = one.wait().then(() => void (isAwakeAgain = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.false(isAwakeAgain);
  one.notify();
  await secondWait;
  t.true(isAwakeAgain);
});
