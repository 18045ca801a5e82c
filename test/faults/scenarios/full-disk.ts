// F11: the spool fills the disk, in some rounds with another file. Pushes resume once there is space, and nothing is
// duplicated.

import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mountedDisk } from '../../fakes/disks.ts';
import { judge, seconds } from '../judge.ts';
import { down, healthy } from '../receiver-states.ts';
import type { Outcome, Scenario, Setting } from '../scenario.ts';
import { becomes, openStage, type Stage, until } from '../stage.ts';

const mebibyte = 2 ** 20;
/** Catchpoint's timeout. */
const longestAnswerMs = 20_000;

export const fullDisk: Scenario = {
  id: 'F11',
  title: 'the disk is full',
  async play({ form, seed, closing }: Setting): Promise<Outcome> {
    const stateDir = await mountedDisk(closing, 'F11', (form === 'long' ? 16 : 4) * mebibyte);
    const stage = await openStage({ seed, closing, stateDir, args: ['--spool-max-bytes', '1GiB'] });
    const faults: string[] = [];
    await stage.begin();
    for (let round = 0; round < (form === 'long' ? 10 : 2); round += 1)
      faults.push(...(await filled(stage, round % 2 === 1)));
    const verdict = await judge(stage);
    const { answers, slowestMs } = stage.pusher.figures();
    if (slowestMs > longestAnswerMs) faults.push(`an answer took ${seconds(slowestMs)}`);
    return { verdicts: [verdict], figures: `answered: ${countsOf(answers)}; slowest ${seconds(slowestMs)}`, faults };
  },
};

/** Fills the disk, if wanted with another file at the end, and frees space again. */
async function filled(stage: Stage, withForeign: boolean): Promise<string[]> {
  const { receiver, pusher, bridge, stateDir } = stage;
  const faults: string[] = [];
  const refusals = (): number => pusher.figures().answers['503'] ?? 0;
  const before = refusals();
  await receiver.be(down);
  pusher.start({ agents: 8 });
  await until(() => refusals() > before + 20, { withinMs: 60_000, what: 'pushes are refused with 503' });
  const foreign = join(stateDir, 'of-somebody-else');
  if (withForeign) await fill(foreign);
  const { status, headers } = await fetch(bridge.pushUrl() ?? '', {
    method: 'POST',
    body: stage.runs.body(stage.ledger.next()),
  });
  if (status === 503 && headers.get('retry-after') === null) faults.push('503 without Retry-After');
  if (status === 503 && (await bridge.status())?.spool.scarcity === undefined)
    faults.push('pushes are refused, and the status does not say why');
  await until(() => refusals() > before + 60, { withinMs: 60_000, what: 'pushes are still refused' });
  await rm(foreign, { force: true });
  await receiver.be(healthy);
  const taken = pusher.figures().answers['200'] ?? 0;
  if (!(await becomes(() => (pusher.figures().answers['200'] ?? 0) > taken + 50, 30_000)))
    faults.push('pushes are not taken again by themselves');
  await pusher.stop();
  return faults;
}

async function fill(path: string): Promise<void> {
  try {
    for (;;) await appendFile(path, Buffer.alloc(65_536));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function countsOf(answers: Readonly<Record<string, number>>): string {
  return Object.entries(answers)
    .map(([status, count]) => `${count} × ${status === '0' ? 'no answer' : status}`)
    .join(', ');
}
