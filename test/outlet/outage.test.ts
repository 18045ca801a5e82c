// The log lines about a sink that accepts no points.

import test from 'ava';
import { outage } from '../../src/outlet/outage.ts';
import { readLog } from '../fakes/log.ts';
import { movableClock } from '../fakes/time.ts';

const up = { sink: 'tsdb', msg: 'the sink takes points again' };
const down = (reason: string, times: number): object => ({
  sink: 'tsdb',
  reason,
  times,
  msg: 'the sink takes no points; they wait in the spool',
});

function loggedOutage() {
  const { log, lines } = readLog();
  const clock = movableClock();
  return { clock, lines, ...outage({ sink: 'tsdb', clock, log }) };
}

test('an outage and its end are logged once, however often the sink is tried', async (t) => {
  const { clock, lines, fails, ends } = loggedOutage();
  ends();
  for (let round = 0; round < 100; round += 1) {
    fails('refused');
    await clock.advance(4000);
  }
  ends();
  ends();
  t.deepEqual(lines(), [down('refused', 1), up]);
});

test('another reason is logged too, and alternating reasons once a minute', async (t) => {
  const { clock, lines, fails } = loggedOutage();
  for (let round = 0; round < 30; round += 1) {
    fails(round % 2 === 0 ? 'refused' : 'reset');
    await clock.advance(4000);
  }
  t.deepEqual(lines(), [down('refused', 1), down('reset', 8)]);
});

test('a sink that goes up and down is logged once a minute, and an outage within that minute is logged if it lasts', async (t) => {
  const { clock, lines, fails, ends } = loggedOutage();
  for (let flap = 0; flap < 10; flap += 1) {
    fails('refused');
    await clock.advance(1000);
    ends();
  }
  t.deepEqual(lines(), [down('refused', 1), up]);
  for (let round = 0; round < 15; round += 1) {
    fails('refused');
    await clock.advance(4000);
  }
  t.deepEqual(lines().slice(2), [down('refused', 23)]);
});
