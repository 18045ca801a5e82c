// Row 11: the time from the bridge's start to the answer to its first push, compared with the start of an empty Node
// program.

import { spawnSync } from 'node:child_process';
import { bodiesOf } from './bodies.ts';
import { startBridge } from './contenders.ts';
import { generate } from './generator.ts';
import { median, range } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

const bar: Bar = { way: 'at most', value: 300, digits: 0, unit: ' ms' };
/** The time limit of the rounds, for slow machines. */
const mostSeconds = 12;

export async function start({ nodes, tests, dir, rounds, against, patience }: Settings): Promise<Row[]> {
  const [ownMs, olderMs, nodeMs]: [number[], number[], number[]] = [[], [], []];
  const firstAnswer = async (root: string | undefined): Promise<number> => {
    const bridge = await startBridge({ nodes, dir, root });
    const bodies = bodiesOf({ kind: 'dns', nodeIds: bridge.nodeIds, tests });
    const { failures } = await generate({ url: bridge.url, bodies, seconds: Infinity, most: 1, connections: 1 });
    const ms = performance.now() - bridge.startedAtMs;
    await bridge.stop();
    if (failures > 0) throw new Error('the first push has failed');
    return ms;
  };
  for (const _ of roundsWithin({ most: rounds * 2, seconds: mostSeconds * patience })) {
    ownMs.push(await firstAnswer(undefined));
    if (against !== undefined) olderMs.push(await firstAnswer(against));
    const fromMs = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    nodeMs.push(performance.now() - fromMs);
  }
  const summary = (all: readonly number[]): string => `${median(all).toFixed(0)} ms (${range(all, 0)})`;
  return [
    row(
      11,
      `start to the first answer, ${nodes} nodes, empty spool`,
      bar,
      ownMs,
      [`Node alone ${summary(nodeMs)}`, ...(against === undefined ? [] : [`older bridge ${summary(olderMs)}`])].join(
        '; ',
      ),
    ),
  ];
}
