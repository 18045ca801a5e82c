// Part of F12: after a file system error the kernel remounts the disk of the state directory read-only during pushes.

import { becomingReadOnly } from '../../fakes/disks.ts';
import { judge, type Verdict } from '../judge.ts';
import { down } from '../receiver-states.ts';
import type { Setting } from '../scenario.ts';
import { becomes, openStage } from '../stage.ts';

export interface Played {
  readonly verdict: Verdict;
  readonly figures: string;
  readonly faults: readonly string[];
}

export async function readOnlyDisk({ seed, closing }: Setting): Promise<Played> {
  const disk = await becomingReadOnly(closing, 'F12', 64 << 20);
  const stage = await openStage({ seed, closing, stateDir: disk.directory });
  const { bridge, pusher, receiver } = stage;
  const answers = (status: string): number => pusher.figures().answers[status] ?? 0;
  const faults: string[] = [];
  await stage.begin();
  await receiver.be(down);
  const ending = bridge.endsItself();
  pusher.start({ agents: 4, rate: 200 });
  await becomes(() => answers('200') > 100, 20_000);
  disk.becomeReadOnly();
  const code = await ending;
  if (code !== 74) faults.push(`on a disk that became read-only it ended with ${code}, not with 74`);
  await pusher.stop();
  const isNamed = await bridge.start().then(
    () => false,
    () => true,
  );
  if (!isNamed) faults.push('it started on a disk that is mounted read-only');
  disk.becomeWritable();
  await bridge.start();
  return {
    verdict: await judge(stage),
    figures: `${answers('200')} runs taken before an ext4 became read-only: 74, and all is there once it is mounted for writing`,
    faults,
  };
}
