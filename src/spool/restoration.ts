// Restores what can be salvaged of the stores that stand aside, while pushes are taken: a child reads, this process puts back.

import { basename } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { noteSalvaged, unsalvaged } from './aside.ts';
import { startChild } from './child.ts';
import type { Lost } from './lost.ts';
import type { Restorer } from './restorer.ts';
import type { SalvagedItem } from './salvaged-item.ts';
import { SpoolFull } from './spool-full.ts';

export interface RestorationOptions {
  /** Where the store is that has taken the place of those. */
  readonly directory: string;
  readonly restorer: (name: string) => Restorer;
  readonly clock: Clock;
  readonly log: Log;
}

/** A line that a child of `spool-work salvage` writes. */
export type SalvageLine = SalvagedItem | { readonly lost: Lost };

/** Put back in one transaction. */
const itemsAtOnce = 500;
const pauseWhenFullMs = 1000;
/** A child that dies is started again behind what it has handed over; not more often than so without anything new. */
const maxFruitless = 3;

/** Restores one store after the other, the last one first: it knows what it holds of those before it. Ends when all is done, or with the signal. What is not done then is done after the next start. */
export async function restoreAll(options: RestorationOptions, signal: AbortSignal): Promise<void> {
  for (const aside of unsalvaged(options.directory).toReversed()) {
    if (!signal.aborted) await restore(options, aside, signal);
  }
}

async function restore(options: RestorationOptions, aside: string, signal: AbortSignal): Promise<void> {
  const { log } = options;
  const one = options.restorer(basename(aside));
  if (one.isEnded()) return noteWhenThereIsRoom(options, aside, signal);
  for (let fruitless = 0; fruitless < maxFruitless && !signal.aborted; ) {
    const before = one.restored();
    const { lost, death } = await restoreOnce(options, aside, one, signal);
    if (signal.aborted) return;
    if (lost !== undefined) {
      const restored = one.restored();
      await whenThereIsRoom(options.clock, signal, () => one.end(lost));
      if (one.isEnded()) await noteWhenThereIsRoom(options, aside, signal);
      const isLoss = Object.values(lost).some((count) => count > 0);
      const heldFor = one.heldFor();
      log[isLoss ? 'error' : 'warn']({ aside, restored, lost, ...(heldFor.length > 0 && { heldFor }) }, isLoss ? 'the damaged spool is restored, but for what is lost' : 'the damaged spool is restored');
      return;
    }
    fruitless = one.restored() > before ? 0 : fruitless + 1;
    log.warn({ aside, death, restored: one.restored() }, 'the process that salvages the damaged spool has ended; it is started again');
  }
  log.error({ aside, restored: one.restored() }, 'the damaged spool cannot be salvaged to its end; the next start tries again');
}

interface Round {
  /** Known at the end. */
  readonly lost?: Lost;
  readonly death?: string | undefined;
}

async function restoreOnce({ clock }: RestorationOptions, aside: string, one: Restorer, signal: AbortSignal): Promise<Round> {
  const child = startChild(['salvage', aside, '--from', String(one.restored())], { clock, signal });
  let items: SalvagedItem[] = [];
  let lost: Lost | undefined;
  for await (const text of child.lines) {
    const line = JSON.parse(text) as SalvageLine;
    if ('lost' in line) lost = line.lost;
    else items.push(line);
    if (items.length >= itemsAtOnce || lost !== undefined) {
      await putWhenThereIsRoom(clock, one, items, signal);
      items = [];
    }
  }
  const death = await child.death;
  if (lost === undefined) await putWhenThereIsRoom(clock, one, items, signal);
  return lost === undefined || signal.aborted ? { death: death?.words } : { lost };
}

/** Until it is noted, the store knows that nothing is to be put back again. */
function noteWhenThereIsRoom({ clock }: RestorationOptions, aside: string, signal: AbortSignal): Promise<void> {
  return whenThereIsRoom(clock, signal, async () => noteSalvaged(aside));
}

/** Does it, after a pause where the disk is full; given up with the signal. */
async function whenThereIsRoom(clock: Clock, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      return await act();
    } catch (error) {
      const isFull = error instanceof SpoolFull || ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code));
      if (!isFull) throw error;
      await clock.sleep(pauseWhenFullMs, { signal }).catch(() => {});
    }
  }
}

/** All of them, or fewer at once where all find no room together. */
async function putWhenThereIsRoom(clock: Clock, one: Restorer, items: readonly SalvagedItem[], signal: AbortSignal): Promise<void> {
  let rest = items;
  for (let count = rest.length; rest.length > 0 && !signal.aborted; ) {
    try {
      await one.put(rest.slice(0, count));
      rest = rest.slice(count);
    } catch (error) {
      if (!(error instanceof SpoolFull)) throw error;
      count = Math.ceil(count / 2);
      await clock.sleep(pauseWhenFullMs, { signal }).catch(() => {});
    }
  }
}
