// Opens the spool of a daemon so that damage never keeps it from starting: what is damaged is set aside, a new store takes
// its place at once, and what can be salvaged comes back while pushes are taken.

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Log } from '../log.ts';
import { setAside, unsalvaged } from './aside.ts';
import { DiskFailed, isOfStore } from './grouped-transactions.ts';
import { beginRun, type LastRun, settledAfterMs } from './last-run.ts';
import { restoreAll } from './restoration.ts';
import { openingFaults } from './soundness.ts';
import { UnknownFormat } from './store.ts';
import { openSpool, type Spool, type SpoolOptions } from './spool.ts';
import { verifyStore } from './verification.ts';

export interface SoundSpoolOptions extends SpoolOptions {
  readonly log: Log;
}

export interface SoundSpool extends Spool {
  /** Restores what was set aside, once every sink has its reader; until the signal. */
  restore(signal: AbortSignal): Promise<void>;
  /** Whether more may come of what was set aside. */
  isRestoring(): boolean;
  /** Has the next start verify the store, which may be the reason; the error that the process is to end with. */
  suspect(reason: Error): Error;
}

/** Opens the spool in a directory; verifies it first where the last runs give cause to, and sets it aside when it is damaged. */
export async function openSoundSpool(options: SoundSpoolOptions): Promise<SoundSpool> {
  const { directory, clock, log } = options;
  const lastRun = beginRun(join(dirname(directory), 'last-run.json'));
  const spool = await verifiedAndOpened(options, lastRun);
  let isRestoring = unsalvaged(directory).length > 0;
  return {
    ...spool,
    suspect(reason) {
      lastRun.suspect(reason.message);
      return isOfStore(reason) ? new DiskFailed(`spool: ${reason.message}`, { cause: reason }) : reason;
    },
    async restore(signal) {
      const settling = clock.sleep(settledAfterMs, { signal }).then(lastRun.settled, () => {});
      await restoreAll({ directory, restorer: spool.restorer, clock, log }, signal);
      isRestoring = false;
      await settling;
    },
    isRestoring: () => isRestoring,
    async close() {
      await spool.close();
      lastRun.stopped();
    },
  };
}

/** A start that is given up in words is a run that ended as it should. */
async function verifiedAndOpened(options: SoundSpoolOptions, lastRun: LastRun): Promise<Spool> {
  try {
    await setAsideIfDamaged(options, lastRun);
    return await openedOrReplaced(options);
  } catch (error) {
    lastRun.stopped();
    throw error;
  }
}

/** What can be seen in a few reads is looked at before every start, the rest when there is a cause. */
async function setAsideIfDamaged(options: SoundSpoolOptions, lastRun: LastRun): Promise<void> {
  const { directory, log } = options;
  if (statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false }) === undefined) {
    const isGone = lastRun.wasThere && unsalvaged(directory).length === 0;
    if (isGone) log.warn({ directory }, 'there is no spool, though a bridge has run here: what waited in one is gone');
    return;
  }
  const faults = openingFaults(directory);
  if (faults.length > 0) {
    replace(options, faults);
    lastRun.verified('damaged');
  } else if (lastRun.cause !== undefined) {
    log.warn({ cause: lastRun.cause }, 'the spool is verified before it is opened');
    lastRun.verified((await replacedIfDamaged(options)) ? 'damaged' : 'sound');
  }
}

async function openedOrReplaced(options: SoundSpoolOptions): Promise<Spool> {
  try {
    return await openSpool(options);
  } catch (error) {
    if (error instanceof UnknownFormat || !(await replacedIfDamaged(options))) throw error;
    return openSpool(options);
  }
}

async function replacedIfDamaged(options: SoundSpoolOptions): Promise<boolean> {
  const { directory, clock, log } = options;
  const verification = { isAlone: true, stopsAtFirst: true, clock, signal: new AbortController().signal };
  const startedMs = clock.steady();
  const { damage } = await verifyStore(directory, verification);
  if (damage.length > 0) replace(options, damage);
  else log.info({ tookMs: Math.round(clock.steady() - startedMs) }, 'the spool is sound');
  return damage.length > 0;
}

function replace({ directory, clock, log }: SoundSpoolOptions, damage: readonly string[]): void {
  const aside = setAside(directory, clock.now());
  log.error({ damage: damage[0], aside }, 'the spool is damaged: it is set aside, a new one is opened, and what can be read of it comes back');
}
