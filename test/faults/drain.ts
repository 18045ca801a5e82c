// Measures how fast a backlog drains, and how long fresh points take meanwhile.

import { setTimeout as pause } from 'node:timers/promises';
import { becomes, type Stage } from './stage.ts';

export interface Drain {
  readonly ms: number;
  readonly pointsPerSecond: number;
  /** The longest time from a fresh push to its arrival. */
  readonly slowestFreshMs: number;
}

/** Resolves once the backlog is empty; pushes a fresh run about once a second meanwhile. */
export async function watchDrain(
  { ledger, bridge, pusher, steady }: Stage,
  { withinMs }: { readonly withinMs: number },
): Promise<Drain> {
  const fromMs = steady();
  const before = ledger.counts().arrived;
  let slowestFreshMs = 0;
  let isOver = false;
  const fresh = (async () => {
    while (!isOver) {
      const pushedMs = steady();
      const run = await pusher.pushOne();
      await becomes(() => isOver || ledger.isComplete(run), withinMs);
      slowestFreshMs = Math.max(slowestFreshMs, steady() - pushedMs);
      await pause(1_000);
    }
  })();
  await becomes(async () => ((await bridge.status())?.sinks[0]?.backlog.points ?? 1) < 500, withinMs, 50);
  const ms = steady() - fromMs;
  isOver = true;
  await fresh;
  return { ms, pointsPerSecond: Math.round(((ledger.counts().arrived - before) / ms) * 1000), slowestFreshMs };
}
