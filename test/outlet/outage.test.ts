// What is said of a sink that takes no points.

import test from 'ava';
import { outage } from '../../src/outlet/outage.ts';
import { readLog } from '../fakes/log.ts';
import { movableClock } from '../fakes/time.ts';

const down = 'the sink takes no points; they wait in the spool';
const up = { sink: 'tsdb', msg: 'the sink takes points again' };
const complaint = (reason: string, times: number): object => ({ sink: 'tsdb', reason, times, msg: down });

test('an outage and its end are one line each, however often the sink is tried', async (t) => {
  const { log, lines } = readLog();
  const clock = movableClock();
  const { fails, ends } = outage({ sink: 'tsdb', clock, log });
  ends();
  for (let round = 0; round < 100; round += 1) {
    fails('refused');
    await clock.advance(4000);
  }
  ends();
  ends();
  t.deepEqual(lines(), [complaint('refused', 1), up]);
});

test('another reason is said, too; reasons that take turns once a minute', async (t) => {
  const { log, lines } = readLog();
  const clock = movableClock();
  const { fails } = outage({ sink: 'tsdb', clock, log });
  for (let round = 0; round < 30; round += 1) {
    fails(round % 2 === 0 ? 'refused' : 'reset');
    await clock.advance(4000);
  }
  t.deepEqual(lines(), [complaint('refused', 1), complaint('reset', 8)]);
});

test('a sink that goes up and down is said to once a minute, and an outage that was passed over is said when it lasts', async (t) => {
  const { log, lines } = readLog();
  const clock = movableClock();
  const { fails, ends } = outage({ sink: 'tsdb', clock, log });
  for (let flap = 0; flap < 10; flap += 1) {
    fails('refused');
    await clock.advance(1000);
    ends();
  }
  t.deepEqual(lines(), [complaint('refused', 1), up]);
  for (let round = 0; round < 15; round += 1) {
    fails('refused');
    await clock.advance(4000);
  }
  t.deepEqual(lines().slice(2), [complaint('refused', 23)]);
});
