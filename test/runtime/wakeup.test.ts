// The bell that wakes a loop.

import test from 'ava';
import { bell } from '../../src/runtime/wakeup.ts';

test('a ring before anybody listens is heard at once, and once', async (t) => {
  const one = bell();
  one.ring();
  one.ring();
  await one.heard();
  let heardAgain = false;
  const again = one.heard().then(() => void (heardAgain = true));
  await new Promise((resolve) => setImmediate(resolve));
  t.false(heardAgain);
  one.ring();
  await again;
  t.true(heardAgain);
});
