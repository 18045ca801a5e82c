// F10: SIGTERM under load, again and again.

import { setTimeout as pause } from 'node:timers/promises';
import { pick } from '../../../src/simulator/seeded.ts';
import { judge, seconds } from '../judge.ts';
import * as states from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';

const phases = [states.healthy, states.healthy, states.slow(50), states.down];
/** The grace period of 10 s, and a second for the rest. */
const barMs = 11_000;

export const stop: Scenario = {
  id: 'F10',
  title: 'SIGTERM under load',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { bridge, receiver, pusher, random, ledger } = stage;
    const stops = form === 'long' ? 50 : 6;
    const ends: { readonly code: number | string | null; readonly ms: number }[] = [];
    await stage.begin();
    pusher.start({ agents: 16, rate: 600 });
    for (let count = 0; count < stops; count += 1) {
      await receiver.be(pick(phases, random));
      await pause(200 + random() * 800);
      ends.push(await bridge.stop());
      await bridge.start();
    }
    await pusher.stop();
    const verdict = await judge(stage);
    const slowestMs = Math.max(...ends.map(({ ms }) => ms));
    const codes = ends.filter(({ code }) => code !== 0);
    const { duplicates } = verdict.account;
    return {
      verdicts: [verdict],
      figures: `${stops} stops, the slowest ${seconds(slowestMs)}; ${ledger.counts().pushed} pushed`,
      faults: [
        ...(codes.length > 0 ? [`ended ${codes.length} times otherwise than with 0, such as ${codes[0]?.code}`] : []),
        ...(slowestMs > barMs ? [`a stop took ${seconds(slowestMs)}`] : []),
        ...(duplicates > 0 ? [`D: ${duplicates} copies, though every stop was a clean one`] : []),
      ],
    };
  },
};
