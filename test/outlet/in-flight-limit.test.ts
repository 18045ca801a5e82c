// The number of requests in flight follows the answer time.

import test from 'ava';
import { inFlightLimit } from '../../src/outlet/in-flight-limit.ts';

function after(answers: number, answerMs: (inFlight: number) => number): number {
  const limit = inFlightLimit();
  for (let answer = 0; answer < answers; answer += 1) limit.answered(answerMs(limit.limit()), limit.limit());
  return limit.limit();
}

test('it begins with one', (t) => t.is(inFlightLimit().limit(), 1));

test('answers that take a second however many there are bring it to its maximum', (t) =>
  t.is(
    after(400, () => 1000),
    64,
  ));

test('answers that take longer the more there are keep it well below', (t) => {
  const settled = after(2000, (inFlight) => 2 * inFlight ** 2);
  t.true(settled < 40, `settled at ${settled}`);
});

test('requests that do not use the limit do not raise it', (t) => {
  const limit = inFlightLimit();
  for (let answer = 0; answer < 400; answer += 1) limit.answered(10, 0);
  t.is(limit.limit(), 1);
});

test('a failure brings it back to one', (t) => {
  const limit = inFlightLimit();
  for (let answer = 0; answer < 400; answer += 1) limit.answered(10, limit.limit());
  t.true(limit.limit() > 1);
  limit.failed();
  t.is(limit.limit(), 1);
});
