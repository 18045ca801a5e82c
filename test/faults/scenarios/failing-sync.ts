// F12: a sync or a write fails, or the disk becomes read-only. The bridge does not acknowledge what waited for it, and
// ends. The next start has every acknowledged run.

import { join } from 'node:path';
import { failCalls, type FailingCalls, syncingCalls, writes } from '../failing-calls.ts';
import { judge, seconds } from '../judge.ts';
import { requireTool } from '../missing-tool.ts';
import { down, healthy } from '../receiver-states.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { becomes, openStage, type Stage } from '../stage.ts';
import type { Attached } from '../strace.ts';
import { readOnlyDisk } from './read-only-disk.ts';

/** From the first refusal to the end of the process; strace slows it. */
const endBarMs = { short: 10_000, long: 2_000 };
/** If no call has failed by then, other files are written by now, and strace attaches to those. */
const failsWithinMs = 10_000;
const mostAttachments = 4;
/** Successful calls of each thread before the failure. */
const mostBefore = 40;

const failures = [
  (directory: string) => ({ calls: syncingCalls(directory), error: 'EIO', isLasting: false }),
  () => ({ calls: writes, error: 'EROFS', isLasting: true }),
  (directory: string) => ({
    calls: [...new Set([...writes, ...syncingCalls(directory)])],
    error: 'EIO',
    isLasting: true,
  }),
] as const satisfies readonly ((directory: string) => Omit<FailingCalls, 'from'>)[];

export const failingSync: Scenario = {
  id: 'F12',
  title: 'a sync fails or a write (EIO), or the disk becomes read-only (EROFS)',
  async play(setting) {
    requireTool('F12', 'strace', ['-V']);
    const disk = await readOnlyDisk(setting);
    const injected = await playInjected(setting);
    return {
      verdicts: [disk.verdict, ...injected.verdicts],
      figures: `${injected.figures}; ${disk.figures}`,
      faults: [...disk.faults, ...injected.faults],
    };
  },
};

async function playInjected({ form, seed, closing }: Setting): Promise<Required<Omit<Outcome, 'judged'>>> {
  const stage = await openStage({ seed, closing });
  const faults: string[] = [];
  const rounds = form === 'long' ? 21 : 3;
  let slowestMs = 0;
  await stage.begin();
  for (let round = 0; round < rounds; round += 1) {
    const { code, afterMs } = await failed(stage, round, closing);
    slowestMs = Math.max(slowestMs, afterMs);
    if (code !== 74) faults.push(`in round ${round} it ended with ${code}, not with 74`);
  }
  const exitsWithZero = rounds - faults.length;
  if (slowestMs > endBarMs[form]) faults.push(`it ended ${seconds(slowestMs)} after the first refusal`);
  const figures = `${rounds} times a call failed: ${exitsWithZero} ends with 74, ${seconds(slowestMs)} after the first refusal at most, under strace`;
  return { verdicts: [await judge(stage)], figures, faults };
}

/** Makes calls fail under load until the bridge ends, and restarts it. */
async function failed(
  stage: Stage,
  round: number,
  closing: Setting['closing'],
): Promise<{ readonly code: number | string | null; readonly afterMs: number }> {
  const { bridge, pusher, random, receiver, steady, stateDir } = stage;
  const directory = join(stateDir, 'spool');
  const refusals = (): number => pusher.figures().answers['503'] ?? 0;
  await receiver.be(random() < 0.5 ? down : healthy);
  const failure = failures[round % failures.length] as (typeof failures)[number];
  const attached = (from: number): Promise<Attached> =>
    failCalls('F12', bridge.pid() ?? 0, directory, { ...failure(directory), from }, closing);
  const from = 2 + Math.floor(random() * mostBefore);
  // This push creates the file that is written next.
  await pusher.pushOne();
  const before = refusals();
  let strace = await attached(from);
  let [failedAtMs, code] = [Infinity, 'nothing: it goes on' as number | string | null];
  let isEnded = false;
  void bridge.endsItself().then((ended) => ([code, isEnded] = [ended, true]));
  pusher.start({ agents: 4, rate: 200 });
  const hasEnded = (): boolean => {
    if (failedAtMs === Infinity && refusals() > before) failedAtMs = steady();
    return isEnded;
  };
  for (let left = mostAttachments; left > 0 && !(await becomes(hasEnded, failsWithinMs, 5)); left -= 1) {
    await strace.end();
    if (!isEnded) strace = await attached(2);
  }
  const ended = code;
  if (!isEnded) await bridge.kill();
  const afterMs = failedAtMs === Infinity ? 0 : steady() - failedAtMs;
  await bridge.start();
  await pusher.stop();
  return { code: ended, afterMs };
}
