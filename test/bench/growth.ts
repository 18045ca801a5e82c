// Whether the cost of a push and of a point stays what it is when there is ten times as much of everything.

import { bodiesOf } from './bodies.ts';
import { type BridgeContender, startBridge } from './contenders.ts';
import { drainBacklog } from './drain.ts';
import { type Measured, measured } from './loaded-bridge.ts';
import { median, range } from './medians.ts';
import type { Settings } from './settings.ts';

interface Grown {
  readonly words: string;
  readonly tests: number;
  readonly bridge: BridgeContender;
  readonly rounds: Measured[];
}

export async function growth(settings: Settings): Promise<void> {
  const { nodes, tests } = settings;
  const grown: Grown[] = [
    { words: `${nodes} nodes, ${tests} tests`, tests, bridge: await startBridge({ nodes }), rounds: [] },
    { words: `${nodes * 10} nodes`, tests, bridge: await startBridge({ nodes: nodes * 10 }), rounds: [] },
    { words: `${tests * 10} tests`, tests: tests * 10, bridge: await startBridge({ nodes }), rounds: [] },
    { words: '3 sinks', tests, bridge: await startBridge({ nodes, carbons: 2 }), rounds: [] },
  ];
  try {
    for (let round = 0; round <= settings.rounds; round += 1) {
      for (const each of grown) {
        const bodies = bodiesOf({ kind: settings.body, nodeIds: each.bridge.nodeIds, tests: each.tests });
        const one = await measured(each.bridge, { bodies, seconds: settings.seconds, connections: settings.connections });
        if (round > 0) each.rounds.push(one);
      }
    }
    tell(grown);
  } finally {
    for (const { bridge } of grown) await bridge.stop();
  }
  await tellBacklogs(settings);
}

function tell(grown: readonly Grown[]): void {
  const [first] = grown as [Grown];
  for (const { words, rounds, bridge } of grown) {
    const perSecond = rounds.map((round) => round.perSecond);
    const cpu = rounds.map(({ cpuUs }, at) => cpuUs / (first.rounds[at] as Measured).cpuUs);
    const memory = `${(bridge.ownBytes() / 2 ** 20).toFixed(0)} MiB, ready in ${bridge.readyMs.toFixed(0)} ms`;
    console.log(`${words}: ${median(perSecond).toFixed(0)} pushes/s (${range(perSecond, 0)}), CPU a push × ${median(cpu).toFixed(2)} (${range(cpu, 2)}), ${memory}`);
  }
}

async function tellBacklogs({ nodes, rounds, backlog, against }: Settings): Promise<void> {
  const tenth = Math.round(backlog / 10);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const small = await drainBacklog({ nodes, backlog: tenth, against });
    const large = await drainBacklog({ nodes, backlog, against });
    ratios.push(large.pointsPerSecond / small.pointsPerSecond);
  }
  console.log(`a backlog of ${backlog} points goes out at ${median(ratios).toFixed(2)} (${range(ratios, 2)}) times the rate of one of ${tenth}`);
}
