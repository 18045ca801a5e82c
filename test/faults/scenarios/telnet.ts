// F8: telnet, which confirms nothing: errors between the answers, cut and half-closed connections, silence.

import { setTimeout as pause } from 'node:timers/promises';
import { judge } from '../judge.ts';
import * as states from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';

export const telnet: Scenario = {
  id: 'F8',
  title: 'telnet: errors between the answers, half-closed, cut, silent',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing, args: ['--put', 'telnet'] });
    const { receiver, pusher, bridge } = stage;
    const phases = [states.rarelyFailing, states.halfClosing, states.down, ...(form === 'long' ? [states.mute] : [])];
    const eachMs = form === 'long' ? 20_000 : 1_500;
    await stage.begin();
    pusher.start({ agents: 8, rate: 200 });
    await pause(500);
    for (const state of phases) {
      await receiver.be(state);
      await pause(eachMs);
      await receiver.be(states.healthy);
      await pause(eachMs / 3);
    }
    await pusher.stop();
    const kept = (await bridge.status())?.sinks[0]?.backlog.points;
    return { verdicts: [await judge(stage)], figures: `${phases.length} states; ${kept} points waited in the end` };
  },
};
