// kill -9 of single workers under load. The owner and the other workers go on, and the owner keeps every push that a
// worker has handed over. These deaths cause no copies, so the ledger does not record them.

import { setTimeout as pause } from 'node:timers/promises';
import { pick } from '../../../src/simulator/seeded.ts';
import { workersOf } from '../../e2e/worker-processes.ts';
import { judge, seconds } from '../judge.ts';
import * as states from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage, type Stage, until } from '../stage.ts';

const workers = 2;
const phases = [states.healthy, states.healthy, states.slow(50), states.down];
/** The longest pause before a replacement, and a start on a shared machine. */
const backWithinMs = 30_000;

export const worker: Scenario = {
  id: 'worker',
  title: 'kill -9 of single workers, the receiver in random states',
  async play({ form, seed, closing }) {
    const stage = await openStage({ seed, closing, args: ['--workers', String(workers)] });
    const { bridge, receiver, pusher, random } = stage;
    const kills = form === 'long' ? 100 : 6;
    let slowestBackMs = 0;
    await stage.begin();
    const owner = bridge.pid();
    pusher.start({ agents: 16, rate: 600 });
    for (let count = 0; count < kills; count += 1) {
      await receiver.be(pick(phases, random));
      await pause(random() * 500);
      const fromMs = stage.steady();
      const replaced = (await workersSeen(stage))?.replaced ?? 0;
      process.kill(pick(await takingPushes(stage), random), 'SIGKILL');
      await until(async () => ((await workersSeen(stage))?.replaced ?? 0) > replaced, {
        withinMs: backWithinMs,
        what: 'another worker has begun',
      });
      // Sometimes kills the next one before this one accepts pushes.
      if (random() < 0.75)
        await until(async () => (await workersSeen(stage))?.running === workers, {
          withinMs: backWithinMs,
          what: 'all workers take pushes',
        });
      slowestBackMs = Math.max(slowestBackMs, stage.steady() - fromMs);
    }
    await pusher.stop();
    const replaced = (await workersSeen(stage))?.replaced;
    const { answers } = pusher.figures();
    const isSameOwner = bridge.pid() === owner && bridge.figures().starts === 1;
    const verdict = await judge(stage);
    const refused = Object.entries(answers).filter(([status]) => status !== '200');
    return {
      verdicts: [verdict],
      figures: `${kills} kills among ${workers} workers, ${replaced} replaced, the slowest back after ${seconds(slowestBackMs)}; answered ${answers['200'] ?? 0} × 200, ${refused.map(([status, times]) => `${times} × ${status === '0' ? 'nothing' : status}`).join(', ')}`,
      faults: isSameOwner ? [] : ['the owner went with a worker'],
    };
  },
};

async function workersSeen({ bridge }: Stage) {
  return (await bridge.status())?.workers;
}

/** Resolves with the process ids once there is one. */
async function takingPushes(stage: Stage): Promise<readonly number[]> {
  await until(async () => ((await workersSeen(stage))?.running ?? 0) > 0, {
    withinMs: backWithinMs,
    what: 'a worker takes pushes',
  });
  return workersOf(stage.bridge.pid() ?? 0);
}
