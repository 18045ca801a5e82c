// F9: kill -9 at random points, under load, with the receiver in random states.

import { setTimeout as pause } from 'node:timers/promises';
import { pick } from '../../../src/simulator/seeded.ts';
import { judge, seconds } from '../judge.ts';
import * as states from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';

/** Repeated states are more likely. */
const phases = [
  states.healthy,
  states.healthy,
  states.down,
  states.down,
  states.hanging,
  states.slow(50),
  states.slow(1e3),
  states.resetting,
  states.unavailable,
  states.partlyFailing,
  states.answersLost,
];

/** The bound on a start; the short form runs on shared machines. */
const readyBarMs = { short: 30_000, long: 2_000 };

export const kill: Scenario = {
  id: 'F9',
  title: 'kill -9 at random points, the receiver in random states',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { bridge, receiver, pusher, random } = stage;
    const kills = form === 'long' ? 200 : 20;
    const longestMs = form === 'long' ? 2_000 : 700;
    await stage.begin();
    pusher.start({ agents: 16, rate: 600 });
    for (let count = 0; count < kills; count += 1) {
      await receiver.be(pick(phases, random));
      await pause(random() * longestMs);
      await bridge.kill();
      if (random() < 0.5) await receiver.be(pick(phases, random));
      await bridge.start();
    }
    await pusher.stop();
    const verdict = await judge(stage);
    const { slowestReadyMs } = bridge.figures();
    return {
      verdicts: [verdict],
      figures: `${kills} kills; slowest start ${seconds(slowestReadyMs)}`,
      faults: slowestReadyMs > readyBarMs[form] ? [`a start took ${seconds(slowestReadyMs)}`] : [],
    };
  },
};
