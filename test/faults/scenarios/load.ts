// F1 and F2: a steady load, and a burst of three times as much.

import { judge, seconds } from '../judge.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { becomes, openStage } from '../stage.ts';

const steadyRate = { short: 300, long: 1_000 };
const steadySeconds = { short: 4, long: 120 };
const burstSeconds = { short: 2, long: 30 };
/** The bound on the drain after a burst. */
const idleBarMs = 60_000;
/** The short form runs on shared machines. */
const p99BarMs = { short: 20_000, long: 100 };

export const steady: Scenario = {
  id: 'F1',
  title: 'a steady load',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing });
    const { pusher } = stage;
    await stage.begin();
    pusher.start({ agents: 32, rate: steadyRate[form], runs: steadyRate[form] * steadySeconds[form] });
    const fromMs = stage.steady();
    await pusher.done();
    const tookMs = stage.steady() - fromMs;
    const { p99Ms, slowestMs, answers } = pusher.figures();
    const verdict = await judge(stage);
    const { duplicates, owed, pushed } = verdict.account;
    return {
      verdicts: [verdict],
      figures: `${Math.round(pushed / (tookMs / 1000))} pushes/s for ${seconds(tookMs)}; answered in ${p99Ms.toFixed(0)} ms (p99), ${slowestMs.toFixed(0)} ms at most`,
      faults: [
        ...(p99Ms > p99BarMs[form] ? [`answers took ${p99Ms.toFixed(0)} ms (p99)`] : []),
        ...(duplicates > 0 ? [`D: ${duplicates} copies, and there was no fault`] : []),
        ...(owed < pushed ? [`answers: ${JSON.stringify(answers)}`] : []),
      ],
    };
  },
};

export const burst: Scenario = {
  id: 'F2',
  title: 'a burst of three times the load, and waves of retries',
  async play({ form, seed, closing }: Setting): Promise<Outcome> {
    const stage = await openStage({ seed, closing });
    const { pusher, bridge } = stage;
    const rate = steadyRate[form] * 3;
    await stage.begin();
    for (let wave = 0; wave < 3; wave += 1) {
      pusher.start({ agents: 64, rate, runs: (rate * burstSeconds[form]) / 3 });
      await pusher.done();
    }
    const fromMs = stage.steady();
    const isIdle = await becomes(async () => (await bridge.status())?.sinks[0]?.backlog.points === 0, idleBarMs);
    const idleMs = stage.steady() - fromMs;
    const { p99Ms, answers } = pusher.figures();
    const verdict = await judge(stage);
    const refused = answers['503'] ?? 0;
    return {
      verdicts: [verdict],
      figures: `${rate} pushes/s; answered in ${p99Ms.toFixed(0)} ms (p99); idle again after ${seconds(idleMs)}`,
      faults: [
        ...(refused > 0 ? [`${refused} pushes were refused`] : []),
        ...(isIdle ? [] : [`not idle after ${seconds(idleMs)}`]),
      ],
    };
  },
};
