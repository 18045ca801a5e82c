// How long the bridge takes from its start to its first push, beside what Node itself takes to start and do nothing.

import { spawnSync } from 'node:child_process';
import { startBridge } from './contenders.ts';
import { median, range } from './medians.ts';
import type { Settings } from './settings.ts';

export async function start({ nodes, rounds }: Settings): Promise<void> {
  const [readyMs, nothingMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds * 2; round += 1) {
    const bridge = await startBridge({ nodes });
    readyMs.push(bridge.readyMs);
    await bridge.stop();
    const fromMs = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    nothingMs.push(performance.now() - fromMs);
  }
  console.log(`ready with ${nodes} nodes and an empty spool after ${median(readyMs).toFixed(0)} ms (${range(readyMs, 0)}); Node alone ${median(nothingMs).toFixed(0)} ms (${range(nothingMs, 0)})`);
}
