// A server under the benchmark's load, with what that has cost it.

import { setTimeout as pause } from 'node:timers/promises';
import type { Contender } from './contender.ts';
import type { BridgeContender } from './contenders.ts';
import { generate, type Load, type Loaded } from './generator.ts';

export interface Measured extends Loaded {
  readonly perSecond: number;
  /** Of a push, until its points are delivered. */
  readonly cpuUs: number;
  /** The owner's part of it, where workers have the rest. */
  readonly ownerCpuUs: number;
  /** At the receiver, while the load lasted. */
  readonly pointsPerSecond: number;
}

/** Loads a server; a bridge is left when it has delivered what it took, so that the next one has the machine for itself. */
export async function measured(one: Contender | BridgeContender, load: Omit<Load, 'url'>): Promise<Measured> {
  const points = async (): Promise<number> => ('received' in one ? (await one.received()).points : 0);
  const [cpuBeforeMs, ownerCpuBeforeMs, pointsBefore] = [one.cpuMs(), one.ownerCpuMs(), await points()];
  const loaded = await generate({ ...load, url: one.url });
  const delivered = (await points()) - pointsBefore;
  if ('received' in one) await drained(one);
  const cpuUs = ((one.cpuMs() - cpuBeforeMs) * 1000) / loaded.pushes;
  const ownerCpuUs = ((one.ownerCpuMs() - ownerCpuBeforeMs) * 1000) / loaded.pushes;
  return { ...loaded, perSecond: loaded.pushes / loaded.seconds, cpuUs, ownerCpuUs, pointsPerSecond: delivered / loaded.seconds };
}

/** Until no more points come. */
async function drained({ received }: BridgeContender): Promise<void> {
  let before = -1;
  for (let now = (await received()).points; now !== before; now = (await received()).points) {
    before = now;
    await pause(300);
  }
}
