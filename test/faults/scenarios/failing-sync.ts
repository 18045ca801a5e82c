// F12: a sync fails once, or the disk is read-only from one write on. What waited for it is not acknowledged, the bridge ends,
// and the next start has what was.

import { spawnSync } from 'node:child_process';
import { judge, seconds } from '../judge.ts';
import { down, healthy } from '../receiver-states.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { openStage } from '../stage.ts';
import { readOnlyDisk } from './read-only-disk.ts';

/** From the sync that fails to the end of the process, under strace, which slows everything. */
const endBarMs = { short: 10_000, long: 2_000 };

export const failingSync: Scenario = {
  id: 'F12',
  title: 'a sync fails (EIO), or the disk becomes read-only (EROFS)',
  async play(setting) {
    const disk = await readOnlyDisk(setting);
    const verdicts = disk.verdict === undefined ? [] : [disk.verdict];
    if (!canInject()) return { verdicts, figures: `no system call can be made to fail here; ${disk.figures}`, faults: disk.faults };
    const injected = await playInjected(setting);
    return { verdicts: [...verdicts, ...injected.verdicts], figures: `${injected.figures}; ${disk.figures}`, faults: [...disk.faults, ...injected.faults] };
  },
};

async function playInjected({ form, seed, closing }: Setting): Promise<Required<Outcome>> {
  const stage = await openStage({ seed, closing });
  const { bridge, pusher, random, receiver, steady } = stage;
  const faults: string[] = [];
  let slowestMs = 0;
  await stage.begin();
  for (let round = 0; round < (form === 'long' ? 20 : 2); round += 1) {
    await bridge.stop();
    await receiver.be(random() < 0.5 ? down : healthy);
    const from = 10 + Math.floor(random() * 150);
    await bridge.start({}, ['strace', '-f', '-qq', '-o', '/dev/null', ...(round % 2 === 0 ? failingSyncs(from) : failingWrites(from))]);
    const refused = pusher.figures().answers['503'] ?? 0;
    let failedAtMs = Infinity;
    const watching = setInterval(() => {
      if (failedAtMs === Infinity && (pusher.figures().answers['503'] ?? 0) > refused) failedAtMs = steady();
    }, 5);
    const ending = bridge.endsItself();
    pusher.start({ agents: 4, rate: 200 });
    const code = await ending;
    clearInterval(watching);
    slowestMs = Math.max(slowestMs, failedAtMs === Infinity ? 0 : steady() - failedAtMs);
    if (code !== 74) faults.push(`it ended with ${code}, not with 74`);
    await bridge.start();
    await pusher.stop();
  }
  if (slowestMs > endBarMs[form]) faults.push(`it ended ${seconds(slowestMs)} after the first refusal`);
  return { verdicts: [await judge(stage)], figures: `ended with 74 each time, ${seconds(slowestMs)} after the first refusal at most, under strace`, faults };
}

function failingSyncs(from: number): string[] {
  return ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:error=EIO:when=${from}`];
}

/** lmdb writes its pages so, and nobody else does. */
function failingWrites(from: number): string[] {
  return ['-e', 'trace=pwrite64,pwritev', '-e', `inject=pwrite64,pwritev:error=EROFS:when=${from}+`];
}

function canInject(): boolean {
  return spawnSync('strace', ['-e', 'inject=fdatasync:error=EIO:when=1', 'true']).status === 0;
}
