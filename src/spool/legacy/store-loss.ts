// Handles a legacy store that is missing or damaged. Its unfinished records count as lost; the spool stays in use.

import { type LegacyChange, unfinishedIn } from '../legacy-phase.ts';
import type { Losses } from '../losses.ts';
import type { Attachment } from './attachment.ts';
import { hasLegacyStore, moveLegacyStoreAside } from './lmdb/files.ts';
import { LegacyStoreUnreadable } from './lmdb/unreadable.ts';
import { isSpaceError } from './space-error.ts';

/** Handles a file that was removed before it was drained. */
export async function countMissing(attachment: Attachment): Promise<void> {
  const { store, log, drained } = attachment;
  const { phase, end } = store.state.legacy;
  const unfinished = unfinishedIn(store.state.positions.values(), end);
  if (unfinished.records > 0 || phase === 'carrying')
    log?.error(unfinished, 'the store of an earlier version is gone; what waited in it is lost');
  await commitPhase(attachment, { phase: 'over', end }, { ...unfinished, uncounted: phase === 'carrying' ? 1 : 0 });
  drained.resolve();
}

/** @param isUncounted - the store was not carried over: letters, retries and parked measurements are lost, too */
export async function setAside(attachment: Attachment, error: Error, isUncounted: boolean): Promise<void> {
  const { store, log, end } = attachment;
  // Any other error is a store that does not belong to this log.
  const isOfThisLog = error instanceof LegacyStoreUnreadable;
  const unfinished = isOfThisLog ? unfinishedIn(store.state.positions.values(), end) : { records: 0, points: 0 };
  log?.error(
    { reason: error.message, ...unfinished },
    'the store of an earlier version cannot be read; it is set aside, and what waited in it is lost',
  );
  attachment.isDeferred = false;
  await commitPhase(
    attachment,
    { phase: 'aside', end: isOfThisLog ? end : store.state.legacy.end },
    { ...unfinished, uncounted: isUncounted ? 1 : 0 },
  );
  await renameAside(attachment);
}

/** Renames the file, and ends the phase `aside`. A start repeats this after a crash. */
export async function renameAside(attachment: Attachment): Promise<void> {
  const { store, directory, clock, log, drained } = attachment;
  await attachment.legacy?.close();
  attachment.legacy = undefined;
  if (hasLegacyStore(directory)) {
    const path = moveLegacyStoreAside(directory, clock.now());
    log?.warn({ path }, 'the store of an earlier version that could not be read is kept here');
  }
  await commitPhase(attachment, { phase: 'over', end: store.state.legacy.end }, {});
  drained.resolve();
}

/** On a full disk the next checkpoint stores the phase. */
async function commitPhase({ store }: Attachment, former: LegacyChange, lost: Partial<Losses>): Promise<void> {
  try {
    await store.commit({ former, lost });
  } catch (error) {
    if (!isSpaceError(error)) throw error;
    store.applyUnlogged({ former, lost });
  }
}
