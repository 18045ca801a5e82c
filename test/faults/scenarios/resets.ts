// F6: the connection is reset within the body of every second request, a thousand times.

import { setTimeout as pause } from 'node:timers/promises';
import { judge } from '../judge.ts';
import { resetting, sometimes } from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { becomes, openStage } from '../stage.ts';

export const resets: Scenario = {
  id: 'F6',
  title: 'resets in the middle of a batch',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { receiver, pusher } = stage;
    const wanted = form === 'long' ? 1_000 : 60;
    let count = 0;
    await stage.begin();
    const counted: typeof resetting = {
      ...resetting,
      fault: (play) => {
        const fault = resetting.fault?.(play);
        return async (exchange, answer) => {
          count += 1;
          return fault === undefined ? answer() : fault(exchange, answer);
        };
      },
    };
    await receiver.be(sometimes(counted, 0.5));
    pusher.start({ agents: 8, rate: 300 });
    await becomes(() => count >= wanted, form === 'long' ? 900_000 : 60_000, 50);
    await pusher.stop();
    await pause(50);
    const verdict = await judge(stage);
    return { verdicts: [verdict], figures: `${count} resets of ${receiver.requests()} requests` };
  },
};
