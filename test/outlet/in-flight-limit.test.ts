// The in-flight limit follows the answer time.

import test from 'ava';
import { inFlightLimit } from '../../src/outlet/in-flight-limit.ts';

function limitAfter(answers: number, answerMs: (inFlight: number) => number): number {
  const limit = inFlightLimit();
  for (let answer = 0; answer < answers; answer += 1) limit.answered(answerMs(limit.current()), limit.current());
  return limit.current();
}

test('the limit begins at 1', (t) => t.is(inFlightLimit().current(), 1));

test('the limit rises to its maximum if the answer time does not depend on the load', (t) =>
  t.is(
    limitAfter(400, () => 1000),
    64,
  ));

test('the limit stays well below its maximum if answers slow down under load', (t) => {
  const limit = limitAfter(2000, (inFlight) => 2 * inFlight ** 2);
  t.true(limit < 40, `settled at ${limit}`);
});

test('requests that do not use the limit do not raise it', (t) => {
  const limit = inFlightLimit();
  for (let answer = 0; answer < 400; answer += 1) limit.answered(10, 0);
  t.is(limit.current(), 1);
});

test('a failure resets the limit to 1', (t) => {
  const limit = inFlightLimit();
  for (let answer = 0; answer < 400; answer += 1) limit.answered(10, limit.current());
  t.true(limit.current() > 1);
  limit.failed();
  t.is(limit.current(), 1);
});
