// F4: the receiver accepts connections and requests, and never answers.

import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { judge, seconds } from '../judge.ts';
import { hanging, healthy } from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';

/** The bound on the answer to a push; the short form runs on shared machines. */
const ackBarMs = { short: 20_000, long: 1_000 };

export const blackHole: Scenario = {
  id: 'F4',
  title: 'the receiver is a black hole',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { bridge, receiver, pusher } = stage;
    await stage.begin();
    const files = (): number => readdirSync(`/proc/${bridge.pid()}/fd`).length;
    pusher.start({ agents: 8, rate: 300 });
    await pause(500);
    const before = files();
    await receiver.be(hanging);
    // Longer than the request timeout of 15 s.
    await pause(form === 'long' ? 70_000 : 17_000);
    const during = files();
    await receiver.be(healthy);
    await pause(500);
    await pusher.stop();
    const verdict = await judge(stage);
    const { slowestMs, p99Ms } = pusher.figures();
    return {
      verdicts: [verdict],
      figures: `pushes were answered within ${seconds(slowestMs)} (p99 ${p99Ms.toFixed(0)} ms); ${before} files open before, ${during} in it`,
      faults: [
        ...(slowestMs > ackBarMs[form] ? [`a push was answered after ${seconds(slowestMs)}`] : []),
        ...(during > before + 70 ? [`${during} files are open, ${before} before`] : []),
      ],
    };
  },
};
