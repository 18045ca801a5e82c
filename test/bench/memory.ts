// Row 8: the memory without mapped files, with the run keys of two hours at 170 runs a second.

import { bodiesOf } from './bodies.ts';
import { startBridge } from './contenders.ts';
import { generate } from './generator.ts';
import { settled } from './loaded-bridge.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

const bar: Bar = { way: 'at most', value: 150, digits: 0, unit: ' MB' };
const connections = 64;

export async function memory({ nodes, tests, dir, runs }: Settings): Promise<Row[]> {
  const bridge = await startBridge({ nodes, dir });
  try {
    const bodies = bodiesOf({ kind: 'dns', nodeIds: bridge.nodeIds, tests });
    const { pushes, seconds, failures } = await generate({
      url: bridge.url,
      bodies,
      seconds: Infinity,
      most: runs,
      connections,
    });
    await settled(bridge, pushes * bridge.delivery.pointsAPush);
    return [
      row(
        8,
        `memory after ${pushes} runs`,
        bar,
        [bridge.ownBytes() / 1e6],
        `fed at ${(pushes / seconds).toFixed(0)}/s, ${failures} failed`,
      ),
    ];
  } finally {
    await bridge.stop();
  }
}
