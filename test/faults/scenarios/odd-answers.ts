// F7: wrong answers of the receiver, and single rejected points.

import { setTimeout as pause } from 'node:timers/promises';
import { judge } from '../judge.ts';
import * as states from '../receiver-states.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { becomes, openStage } from '../stage.ts';

const odd = [
  states.chunkedRefused,
  states.tooLarge,
  states.tooMany,
  states.unavailable,
  states.broken,
  states.signedOut,
  states.garbling,
  states.answersLost,
  states.partlyFailing,
];

export const oddAnswers: Scenario = {
  id: 'F7',
  title: 'odd answers: 400 chunked, 413, 429, 503, 500, 401, no JSON, lost, 200 with failed',
  async play({ form, seed, closing }) {
    // The receiver creates no metrics.
    const stage = await openStage({ seed, closing, autoCreateMetrics: false });
    const { receiver, pusher, bridge } = stage;
    const each = form === 'long' ? 5_000 : 500;
    await stage.begin();
    pusher.start({ agents: 8, rate: 200 });
    for (const state of odd) {
      await receiver.be(state);
      await pause(each);
      await receiver.be(states.sometimes(state, 0.5));
      await pause(each);
      await receiver.be(states.healthy);
      // Ends the pauses that the state has caused.
      await becomes(async () => ((await bridge.status())?.sinks[0]?.backlog.points ?? 1) < 200, 20_000);
    }
    await pusher.stop();
    return {
      verdicts: [await judge(stage)],
      figures: `${odd.length} kinds of answers in ${receiver.requests()} requests`,
    };
  },
};

export const badPoints: Scenario = {
  id: 'F7b',
  title: 'one bad point in 50',
  async play({ form, seed, closing }: Setting): Promise<Outcome> {
    const stage = await openStage({ seed, closing });
    const { receiver, pusher, runs, ledger } = stage;
    await stage.begin();
    await receiver.be(states.oneBadInFifty);
    pusher.start({ agents: 8, rate: 400, runs: form === 'long' ? 20_000 : 1_000 });
    await pusher.done();
    await pusher.stop();
    const { pushed } = ledger.counts();
    await becomes(async () => (await stage.bridge.status())?.sinks[0]?.backlog.points === 0, 120_000);
    const verdict = await judge(stage, { mayBeDead: states.isBad });
    const bad = Array.from({ length: pushed }, (_, run) => runs.points(run).filter(states.isBad).length).reduce(
      (sum, one) => sum + one,
      0,
    );
    const { deadLetters } = verdict.account;
    return {
      verdicts: [verdict],
      figures: `${bad} points were bad, ${deadLetters} are dead letters`,
      faults: deadLetters === bad ? [] : [`${bad} points were bad, ${deadLetters} are dead letters`],
    };
  },
};
