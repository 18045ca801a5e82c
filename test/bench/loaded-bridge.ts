// Loads a server, and measures its costs.

import { setTimeout as pause } from 'node:timers/promises';
import type { Delivered, Entrant } from './contenders.ts';
import { generate, type Load, type Loaded } from './generator.ts';

export interface Measured extends Loaded {
  /** During the load. */
  readonly perSecond: number;
  /** CPU time per push in us, over all threads and workers, delivery included. */
  readonly cpuUs: number;
  /** The part of the main thread. */
  readonly mainCpuUs: number;
  /** The CPU time of receiver and generator for a push. */
  readonly receiverCpuUs: number;
  readonly generatorCpuUs: number;
  /** From the last answer to the delivery of every point. */
  readonly lagMs: number;
  /** The written bytes of a push, by /proc/PID/io. */
  readonly writtenBytes: number;
  /** Points delivered in a second of the server's CPU time. */
  readonly pointsPerCpuSecond: number;
}

/** The longest time without a delivery. */
const patienceMs = 30_000;

/** Loads a server, and resolves once it has delivered every point, so that the next one has the machine alone. */
export async function measured(one: Entrant, load: Omit<Load, 'url'>): Promise<Measured> {
  const { delivery } = one;
  const pointsBefore = (await delivery?.delivered())?.points ?? 0;
  const look = () => ({
    cpuMs: one.cpuMs(),
    mainCpuMs: one.mainCpuMs(),
    receiverCpuMs: delivery?.cpuMs() ?? 0,
    generator: process.cpuUsage(),
    writtenBytes: one.writtenBytes(),
  });
  const before = look();
  const loaded = await generate({ ...load, url: one.url });
  const { user, system } = process.cpuUsage(before.generator);
  const loadEndAtMs = performance.timeOrigin + performance.now();
  const last =
    delivery === undefined ? undefined : await settled(one, pointsBefore + loaded.pushes * delivery.pointsAPush);
  const after = look();
  const aPush = (name: 'cpuMs' | 'mainCpuMs' | 'receiverCpuMs' | 'writtenBytes'): number =>
    (after[name] - before[name]) / loaded.pushes;
  return {
    ...loaded,
    perSecond: loaded.pushes / loaded.seconds,
    cpuUs: aPush('cpuMs') * 1000,
    mainCpuUs: aPush('mainCpuMs') * 1000,
    receiverCpuUs: aPush('receiverCpuMs') * 1000,
    generatorCpuUs: (user + system) / loaded.pushes,
    lagMs: last === undefined ? 0 : Math.max(0, last.lastAtMs - loadEndAtMs),
    writtenBytes: aPush('writtenBytes'),
    pointsPerCpuSecond: last === undefined ? 0 : ((last.points - pointsBefore) * 1000) / (after.cpuMs - before.cpuMs),
  };
}

/** Waits until `points` are delivered. Throws if deliveries stop before. */
export async function settled({ delivery }: Entrant, points: number): Promise<Delivered> {
  if (delivery === undefined) throw new Error('this server has no delivery to wait for');
  let [before, sinceMs] = [-1, performance.now()];
  for (;;) {
    const now = await delivery.delivered();
    if (now.points >= points) return now;
    if (now.points !== before) [before, sinceMs] = [now.points, performance.now()];
    else if (performance.now() - sinceMs > patienceMs)
      throw new Error(`${points - now.points} of ${points} points have not been delivered`);
    await pause(delivery.pollMs);
  }
}
