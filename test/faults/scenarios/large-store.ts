// A start on a store of 1 GB, after a stop and after kill -9. The bridge accepts pushes at once, whatever the backlog.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { DataPoint } from '../../../src/model/point.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { seconds } from '../judge.ts';
import { down } from '../receiver-states.ts';
import type { Scenario } from '../scenario.ts';
import { openStage, type Stage } from '../stage.ts';

const gigabyte = 1e9;
const readyBarMs = 2_000;
const appendsAtOnce = 2_000;

export const largeStore: Scenario = {
  id: 'ready',
  title: 'a start on a spool of 1 GB, after a stop and after kill -9',
  forms: ['long'],
  async play({ seed, closing }) {
    const stage = await openStage({ seed, closing, args: ['--spool-max-bytes', '64GiB'] });
    const { bridge, receiver, pusher } = stage;
    await stage.begin();
    await bridge.stop();
    await receiver.be(down);
    const runs = await filled(stage);
    const stopped = await bridge.start();
    await pusher.pushOne();
    await bridge.kill();
    const killed = await bridge.start();
    const points = (await bridge.status())?.sinks[0]?.backlog.points;
    await bridge.kill();
    return {
      verdicts: [],
      judged: 2,
      figures: `${runs} runs, ${points} points waited; ready after ${seconds(stopped)}, after kill -9 in ${seconds(killed)}`,
      faults: Math.max(stopped, killed) > readyBarMs ? [`a start took ${seconds(Math.max(stopped, killed))}`] : [],
    };
  },
};

/** Appends runs until the store has its size; returns their number. */
async function filled({ stateDir, runs, ledger }: Stage): Promise<number> {
  const directory = join(stateDir, 'spool');
  const spool = await openSpool({ directory, maxBytes: 2 ** 40, clock: systemClock() });
  let count = 0;
  while (bytesIn(directory) < gigabyte) {
    await Promise.all(
      Array.from({ length: appendsAtOnce }, () => {
        const run = ledger.next();
        return spool.append(runs.points(run).map(pointOf), { run: { key: String(run), digest: '' } });
      }),
    );
    count += appendsAtOnce;
  }
  await spool.close();
  return count;
}

/** Returns the disk usage, since files are preallocated. */
function bytesIn(directory: string): number {
  return readdirSync(directory).reduce(
    (sum, name) => sum + (statSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
    0,
  );
}

/** Parses a line as in Runs.points. */
function pointOf(line: string): DataPoint {
  const [metric = '', timestamp = '', value = '', ...tags] = line.split(' ');
  return {
    metric,
    timestamp: Number(timestamp),
    unit: 'ms',
    value,
    tags: Object.fromEntries(tags.map((tag) => tag.split('=') as [string, string])),
  };
}
