// F23: Catchpoint repeats a push without a 200 up to nine times, and a tenth of the 200s is lost.

import { setTimeout as pause } from 'node:timers/promises';
import { judge, type Verdict } from '../judge.ts';
import type { Scenario, Setting } from '../scenario.ts';
import { openStage, type Stage } from '../stage.ts';

export const retries: Scenario = {
  id: 'F23',
  title: 'the same runs again and again, 200s lost, over restarts',
  async play(setting) {
    const clean = await sentAgain(setting, 'stop');
    const killed = await sentAgain(setting, 'kill');
    const { duplicates } = clean.verdict.account;
    return {
      verdicts: [clean.verdict, killed.verdict],
      figures: `${clean.pushes + killed.pushes} pushes of ${clean.verdict.account.pushed + killed.verdict.account.pushed} runs`,
      faults: duplicates === 0 ? [] : [`D: ${duplicates} copies, though nothing happened to the receiver`],
    };
  },
};

/** Pushes half of the runs, ends the bridge in this way, and pushes the repetitions and the other half. */
async function sentAgain(
  { form, seed, closing }: Setting,
  end: 'stop' | 'kill',
): Promise<{ verdict: Verdict; pushes: number }> {
  const stage = await openStage({ seed, closing });
  const { bridge, ledger, pusher } = stage;
  const half = form === 'long' ? 10_000 : 400;
  const before = Array.from({ length: half }, () => ledger.next());
  const after = Array.from({ length: half }, () => ledger.next());
  await stage.begin();
  await all(stage, before);
  await bridge[end]();
  await bridge.start();
  await all(stage, [...before, ...after]);
  const verdict = await judge(stage);
  return { verdict, pushes: Object.values(pusher.figures().answers).reduce((sum, one) => sum + one, 0) };
}

async function all(stage: Stage, runs: readonly number[]): Promise<void> {
  const queue = [...runs];
  const work = async (): Promise<void> => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) await sent(stage, run);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** Repeats a push up to nine times without an answer, sometimes twice at once. */
async function sent({ pusher, random }: Stage, run: number): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const statuses = await Promise.all([pusher.push(run), ...(random() < 0.05 ? [pusher.push(run)] : [])]);
    if (statuses.includes(200) && random() >= 0.1) return;
    await pause(random() * 20);
  }
}
