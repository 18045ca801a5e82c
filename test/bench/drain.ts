// How fast a backlog goes out: into a receiver that answers at once, and into one that takes a second over each answer.

import { setTimeout as pause } from 'node:timers/promises';
import { fillBacklog } from './backlog.ts';
import { startBridge } from './contenders.ts';
import { median, range } from './medians.ts';
import type { Settings } from './settings.ts';

interface Drained {
  readonly pointsPerSecond: number;
  /** Of a thousand points. */
  readonly cpuMs: number;
}

interface Draining extends Pick<Settings, 'nodes' | 'against'> {
  readonly backlog: number;
  readonly delayMs?: number;
}

export async function drain({ nodes, rounds, backlog, against }: Settings): Promise<void> {
  for (const delayMs of [0, 1000]) {
    const [own, others]: [Drained[], Drained[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      own.push(await drainBacklog({ nodes, backlog, delayMs, against: undefined }));
      if (against !== undefined) others.push(await drainBacklog({ nodes, backlog, delayMs, against }));
    }
    const words = `${backlog} points, ${delayMs === 0 ? 'answered at once' : `each answer takes ${delayMs} ms`}`;
    console.log(`${words}: ${tell(own)}`);
    if (others.length > 0) console.log(`${words}, the other bridge: ${tell(others)}`);
  }
}

/** One draining, from the first put to the last answer. */
export async function drainBacklog({ nodes, backlog, delayMs, against }: Draining): Promise<Drained> {
  const bridge = await startBridge({
    ...{ nodes, delayMs, prepare: (stateDir: string) => fillBacklog(stateDir, backlog) },
    ...(against === undefined ? {} : { root: against }),
  });
  try {
    let received = await bridge.received();
    for (; received.points < backlog; received = await bridge.received()) await pause(100);
    return { pointsPerSecond: (received.points * 1000) / (received.lastAtMs - received.firstAtMs), cpuMs: (bridge.cpuMs() * 1000) / backlog };
  } finally {
    await bridge.stop();
  }
}

function tell(all: readonly Drained[]): string {
  const perSecond = all.map(({ pointsPerSecond }) => pointsPerSecond);
  return `${median(perSecond).toFixed(0)} points/s (${range(perSecond, 0)}), CPU ${median(all.map(({ cpuMs }) => cpuMs)).toFixed(1)} ms a thousand`;
}
