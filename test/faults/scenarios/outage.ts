// F3: the receiver is away for an hour of pushes, the bridge is killed meanwhile, and the backlog drains.

import { judge, seconds } from '../judge.ts';
import { down, healthy } from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage } from '../stage.ts';
import { watchDrain } from '../drain.ts';

/** Runs a second, of 600,000 an hour. */
const arrivalRate = 167;

export const outage: Scenario = {
  id: 'F3',
  title: 'the receiver is away for an hour, kill -9 in its middle',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { bridge, receiver, pusher, ledger, steady } = stage;
    const half = form === 'long' ? 300_000 : 2_000;
    await stage.begin();
    await receiver.be(down);
    const fromMs = steady();
    pusher.start({ agents: 32, runs: half });
    await pusher.done();
    pusher.start({ agents: 32, runs: half });
    await bridge.kill();
    await bridge.start();
    await pusher.done();
    const takenMs = steady() - fromMs;
    const points = (await bridge.status())?.sinks[0]?.backlog.points ?? 0;
    const perPoint = (await bridge.diskBytes()) / points;
    await receiver.be(healthy);
    const drain = await watchDrain(stage, { withinMs: 1_200_000 });
    const verdict = await judge(stage);
    const { owed } = verdict.account;
    const ratio = owed / (drain.ms / 1000) / arrivalRate;
    return {
      verdicts: [verdict],
      figures:
        `${ledger.counts().pushed} runs taken in ${seconds(takenMs)}; ${perPoint.toFixed(1)} bytes on disk a point; ` +
        `drained ${drain.pointsPerSecond} points/s, ${ratio.toFixed(0)} times the arrival; fresh data waited ${seconds(drain.slowestFreshMs)} at most`,
      faults: [
        ...(form === 'long' && perPoint > 60 ? [`B: ${perPoint.toFixed(1)} bytes on disk a point (aim: 60)`] : []),
        ...(ratio < 3 ? [`drained at ${ratio.toFixed(1)} times the arrival only`] : []),
        ...(drain.slowestFreshMs > 5_000
          ? [`L: fresh data waited ${seconds(drain.slowestFreshMs)} behind the backlog`]
          : []),
      ],
    };
  },
};
