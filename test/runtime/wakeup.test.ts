// The bell that wakes a loop.

import test from 'ava';
import { wakeup } from '../../src/runtime/wakeup.ts';

test('a ring before anybody listens is heard at once, and once', async (t) => {
  const one = wakeup();
  one.notify();
  one.notify();
  await one.wait();
  let heardAgain = false;
  const again = one.wait().then(() => void (heardAgain = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.false(heardAgain);
  one.notify();
  await again;
  t.true(heardAgain);
});
