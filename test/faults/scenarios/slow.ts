// F5: the receiver answers after 0, 50 and 1000 ms, as HBase may, while a backlog drains.

import { watchDrain } from '../drain.ts';
import { judge, seconds, type Verdict } from '../judge.ts';
import { down, slow as slowReceiver } from '../receiver-states.ts';
import type { Scenario, Setting } from '../scenario.ts';
import { openStage } from '../stage.ts';

/** The bound on the answer to a push; the short form runs on shared machines. */
const ackBarMs = { short: 20_000, long: 1_000 };
/** The bound on the delay of fresh points behind the backlog. */
const freshBarMs = { short: 30_000, long: 5_000 };

export const slow: Scenario = {
  id: 'F5',
  title: 'a slow receiver: 0, 50, 1000 ms an answer',
  async play(setting) {
    const drains = [];
    for (const ms of [0, 50, 1000]) drains.push(await drained(setting, ms));
    return {
      verdicts: drains.map(({ verdict }) => verdict),
      figures: drains.map(({ text }) => text).join('; '),
      faults: drains.flatMap(({ faults }) => faults),
    };
  },
};

async function drained(
  { form, seed, closing }: Setting,
  answerMs: number,
): Promise<{ verdict: Verdict; text: string; faults: string[] }> {
  const stage = await openStage({ seed, closing });
  const { receiver, pusher } = stage;
  await stage.begin();
  await receiver.be(down);
  pusher.start({ agents: 32, runs: form === 'long' ? 40_000 : 3_000 });
  await pusher.done();
  await receiver.be(slowReceiver(answerMs));
  const { pointsPerSecond, slowestFreshMs } = await watchDrain(stage, { withinMs: 600_000 });
  const { slowestMs } = pusher.figures();
  const requests = receiver.requests();
  const verdict = await judge(stage);
  return {
    verdict,
    text: `${answerMs} ms: ${pointsPerSecond} points/s in ${requests} requests, fresh data within ${seconds(slowestFreshMs)}`,
    faults: [
      ...(slowestMs > ackBarMs[form] ? [`${answerMs} ms: a push was answered after ${seconds(slowestMs)}`] : []),
      ...(slowestFreshMs > freshBarMs[form]
        ? [`L: ${answerMs} ms: fresh data waited ${seconds(slowestFreshMs)} behind the backlog`]
        : []),
      ...(verdict.account.duplicates > 0
        ? [`D: ${verdict.account.duplicates} copies from a receiver that was only slow`]
        : []),
    ],
  };
}
