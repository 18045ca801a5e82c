// Row 7: the speed of a drain, into a receiver that answers at once and into one that answers after a second. The
// bridge takes the pushes of the backlog while the receiver is down.

import { bodiesOf } from './bodies.ts';
import { type BridgeContender, startBridge } from './contenders.ts';
import { generate } from './generator.ts';
import { settled } from './loaded-bridge.ts';
import { median, range } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

export interface Drained {
  readonly points: number;
  /** From the first answered put to the last. */
  readonly pointsPerSecond: number;
  /** For a thousand points, of the drain alone. */
  readonly cpuMs: number;
}

interface Draining {
  readonly nodes: number;
  readonly tests: number;
  readonly dir: string;
  readonly backlog: number;
  readonly delayMs?: number;
  readonly root?: string | undefined;
}

const bars = {
  atOnce: { way: 'at least', value: 200_000, digits: 0, unit: ' points/s' },
  slow: { way: 'at least', value: 26_000, digits: 0, unit: ' points/s' },
} as const satisfies Record<string, Bar>;
/** The time limits of the rounds and of the pushes, for slow machines. */
const [mostSeconds, mostFillSeconds] = [50, 15];
const usualBacklog = 700_000;
const connections = 64;

/** Returns the rows, and the drains into the fast receiver, for other rows. */
export async function drain(
  settings: Settings,
): Promise<{ readonly rows: Row[]; readonly atOnce: readonly Drained[] }> {
  const { nodes, tests, dir, backlog, against } = settings;
  // A drain is long enough for a reliable figure, so few rounds suffice.
  const ways = [
    {
      label: 'answered at once',
      delayMs: 0,
      mostRounds: 2,
      bar: bars.atOnce,
      own: [] as Drained[],
      others: [] as Drained[],
    },
    {
      label: 'each answer takes 1 s',
      delayMs: 1000,
      mostRounds: 1,
      bar: bars.slow,
      own: [] as Drained[],
      others: [] as Drained[],
    },
  ];
  for (const round of roundsWithin({ most: settings.rounds, seconds: mostSeconds * settings.patience })) {
    for (const { delayMs, own, others } of ways.filter(({ mostRounds }) => round < mostRounds)) {
      const draining = { nodes, tests, dir, backlog, delayMs };
      own.push(await drainBacklog(draining));
      if (against !== undefined) others.push(await drainBacklog({ ...draining, root: against }));
    }
  }
  const rows = ways.map(({ label, bar, own, others }) => {
    const figures = [
      `${pointsOf(own)} points, CPU ${cpuOf(own)} ms a thousand`,
      ...(others.length === 0 ? [] : [`older bridge ${figuresOf(others)}`]),
    ];
    return row(
      7,
      `drain of a backlog, ${label}`,
      bar,
      own.map(({ pointsPerSecond }) => pointsPerSecond),
      figures.join('; '),
    );
  });
  return { rows, atOnce: ways[0]?.own ?? [] };
}

/** Drains a bridge of its own. */
export async function drainBacklog({ nodes, tests, dir, backlog, delayMs = 0, root }: Draining): Promise<Drained> {
  const bridge = await startBridge({ nodes, dir, delayMs, root, isReceiverDown: true });
  try {
    const points = await fill(bridge, backlog, tests);
    const cpuBeforeMs = bridge.cpuMs();
    await bridge.receiverUp();
    await settled(bridge, points);
    const { firstAtMs, lastAtMs } = await bridge.received();
    return {
      points,
      pointsPerSecond: (points * 1000) / (lastAtMs - firstAtMs),
      cpuMs: ((bridge.cpuMs() - cpuBeforeMs) * 1000) / points,
    };
  } finally {
    await bridge.stop();
  }
}

/** Pushes until the backlog has `points`, or the time limit; returns its size. */
export async function fill(bridge: BridgeContender, points: number, tests: number): Promise<number> {
  const bodies = bodiesOf({ kind: 'dns', nodeIds: bridge.nodeIds, tests });
  const seconds = mostFillSeconds * Math.max(1, points / usualBacklog);
  const { pushes } = await generate({
    url: bridge.url,
    bodies,
    seconds,
    most: Math.ceil(points / bridge.delivery.pointsAPush),
    connections,
  });
  return pushes * bridge.delivery.pointsAPush;
}

function figuresOf(all: readonly Drained[]): string {
  const perSecond = all.map(({ pointsPerSecond }) => pointsPerSecond);
  return `${median(perSecond).toFixed(0)} points/s (${range(perSecond, 0)}), CPU ${cpuOf(all)} ms a thousand`;
}

export function pointsOf(all: readonly Drained[]): number {
  return median(all.map(({ points }) => points));
}

function cpuOf(all: readonly Drained[]): string {
  return median(all.map(({ cpuMs }) => cpuMs)).toFixed(2);
}
