// A retry of many letters leaves time to other work.

import test from 'ava';
import { administration } from '../../src/admin/administration.ts';
import type { LetterRetry } from '../../src/model/point.ts';
import { points } from '../fakes/points.ts';
import { readSpool } from '../fakes/letters.ts';

test('a retry sleeps after each batch as long as the batch took', async (t) => {
  const { spool } = await readSpool(t, { maxBytes: 1 << 26 });
  for (let letter = 0; letter < 250; letter += 1) {
    await spool.append([], {
      deadLetter: { kind: 'implausible-time', reason: 'before 2010', raw: `{"TestId":${letter}}` },
    });
  }
  let nowMs = 0;
  const slept: number[] = [];
  let worked = 0;
  const clock = {
    steady: () => nowMs,
    async sleep(ms: number): Promise<void> {
      slept.push(ms);
      nowMs += ms;
    },
  };
  const retryLetter: LetterRetry = async ({ id }) => {
    nowMs += 2;
    worked += 2;
    await spool.append(points(1), { redeems: id });
    return { done: 'taken' };
  };
  let done = 0;
  for await (const outcome of administration({ spool, retryLetter, clock }).retry({}))
    done += Number(outcome.done === 'taken');
  t.is(done, 250);
  t.true(slept.length > 1);
  t.is(
    slept.reduce((sum, ms) => sum + ms, 0),
    worked,
  );
});
