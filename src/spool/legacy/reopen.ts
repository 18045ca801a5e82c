// Reopens the legacy store after a read error, with a growing pause. A damaged store is set aside instead.

import { type Attachment, isNeeded } from './attachment.ts';
import { findLegacyStore } from './found-store.ts';
import { LegacyStoreUnreadable } from './lmdb/unreadable.ts';
import { countMissing, setAside } from './store-loss.ts';

const firstPauseMs = 1_000;
const maxPauseMs = 60_000;

/** Resolves with true once the store is readable, with false if it is lost. Concurrent calls share one attempt. */
export function reopen(attachment: Attachment, error: unknown): Promise<boolean> {
  const failed = attachment.failures.get(error as object);
  const isReopened = failed !== undefined && failed !== attachment.legacy && attachment.reopening === undefined;
  if (isReopened) return Promise.resolve(isNeeded(attachment));
  return (attachment.reopening ??= reopenUntilReadable(attachment, error).finally(
    () => void (attachment.reopening = undefined),
  ));
}

async function reopenUntilReadable(attachment: Attachment, error: unknown): Promise<boolean> {
  const { stop, clock, log } = attachment;
  let reason = error as Error;
  for (let pauseMs = firstPauseMs; !stop.signal.aborted && isNeeded(attachment);) {
    if (reason instanceof LegacyStoreUnreadable && reason.isDamaged) {
      await setAside(attachment, reason, attachment.isDeferred);
      return false;
    }
    log?.warn({ reason: reason.message }, 'the store of an earlier version cannot be read now; it is tried again');
    await attachment.legacy?.close();
    await clock.sleep(pauseMs, { signal: stop.signal }).catch(() => undefined);
    pauseMs = Math.min(maxPauseMs, pauseMs * 2);
    try {
      const found = await findLegacyStore({ ...attachment, signal: stop.signal });
      if (found.kind === 'open') {
        attachment.legacy = found.legacy;
        return true;
      }
      if (found.kind === 'none') {
        await countMissing(attachment);
        return false;
      }
      reason = found.error;
    } catch (again) {
      reason = again as Error;
    }
  }
  return false;
}
