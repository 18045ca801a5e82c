// A server under the benchmark's load, with what that has cost it.

import { setTimeout as pause } from 'node:timers/promises';
import type { Delivered, Entrant } from './contenders.ts';
import { generate, type Load, type Loaded } from './generator.ts';

export interface Measured extends Loaded {
  /** While the load lasted. */
  readonly perSecond: number;
  /** Of a push, all threads and workers, until its points are delivered. */
  readonly cpuUs: number;
  /** The main thread's part of it. */
  readonly mainCpuUs: number;
  /** What the receiver and the generator spent on a push, on the same machine. */
  readonly receiverCpuUs: number;
  readonly generatorCpuUs: number;
  /** From the last answer to a push until the receiver had every point. */
  readonly lagMs: number;
  /** Of a push, by /proc/PID/io. */
  readonly writtenBytes: number;
  /** Points delivered for a second of the server's CPU time. */
  readonly pointsPerCpuSecond: number;
}

/** So long without a point, and it is not waited for any more. */
const patienceMs = 30_000;

/** Loads a server, and ends when it has delivered every point of what it took, so that the next one has the machine for itself. */
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

/** Waits until so many points have been delivered. Throws when no more come and some are missing. */
export async function settled({ delivery }: Entrant, points: number): Promise<Delivered> {
  if (delivery === undefined) throw new Error('what only answers delivers nothing');
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
