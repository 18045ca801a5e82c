// The store of an earlier version that cannot be read any more, or is gone: what waited in it is counted as lost, and the spool goes on.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { isLackOfRoom } from './carry-over.ts';
import { type LegacyChange, leftIn } from '../legacy-phase.ts';
import { hasLegacyStore, moveLegacyStoreAside } from './lmdb/files.ts';
import type { LegacyStore } from './lmdb/store.ts';
import { LegacyStoreUnreadable } from './lmdb/unreadable.ts';
import type { Totals } from '../log/format.ts';
import type { Losses } from '../losses.ts';
import type { Store } from '../store.ts';

export interface Losable {
  readonly store: Store;
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log | undefined;
  readonly end: Totals;
  former: LegacyStore | undefined;
  /** Whether it waits for room to be carried over. */
  isDeferred: boolean;
  readonly drained: { readonly promise: Promise<void>; resolve(): void };
}

/** Its file is gone before it was drained. */
export async function gone(attached: Losable): Promise<void> {
  const { store, log } = attached;
  const { phase, end } = store.state.former;
  const left = leftIn(store.state.positions.values(), end);
  if (left.records > 0 || phase === 'carrying')
    log?.error(left, 'the store of an earlier version is gone; what waited in it is lost');
  await say(attached, { phase: 'over', end }, { ...left, uncounted: phase === 'carrying' ? 1 : 0 });
  attached.drained.resolve();
}

/** What waits in it is lost to those who wait; `isUncounted`: and whatever else was in it. */
export async function setAside(attached: Losable, error: Error, isUncounted: boolean): Promise<void> {
  const { store, log, end } = attached;
  const isConflict = !(error instanceof LegacyStoreUnreadable);
  const left = isConflict ? { records: 0, points: 0 } : leftIn(store.state.positions.values(), end);
  log?.error(
    { reason: error.message, ...left },
    'the store of an earlier version cannot be read; it is set aside, and what waited in it is lost',
  );
  attached.isDeferred = false;
  await say(
    attached,
    { phase: 'aside', end: isConflict ? store.state.former.end : end },
    { ...left, uncounted: isUncounted ? 1 : 0 },
  );
  await setAsideAgain(attached);
}

/** Gives its file another name, which may have been done already. */
export async function setAsideAgain(attached: Losable): Promise<void> {
  const { store, directory, former, clock, log } = attached;
  await former?.close();
  attached.former = undefined;
  if (hasLegacyStore(directory)) {
    const path = moveLegacyStoreAside(directory, clock.now());
    log?.warn({ path }, 'the store of an earlier version that could not be read is kept here');
  }
  await say(attached, { phase: 'over', end: store.state.former.end }, {});
  attached.drained.resolve();
}

/** On a full disk the next checkpoint says it. */
async function say({ store }: Losable, former: LegacyChange, lost: Partial<Losses>): Promise<void> {
  try {
    await store.commit({ former, lost });
  } catch (error) {
    if (!isLackOfRoom(error)) throw error;
    store.suppose({ former, lost });
  }
}
