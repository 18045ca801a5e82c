// Attaches the legacy store to the spool as its older part. A start carries over everything but the records. Sinks
// drain the records, and the file is removed once every sink has finished the last one.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { hasPassed, isAttached } from '../legacy-phase.ts';
import type { Position } from '../readers/position.ts';
import { type AttachLegacyOptions, type Attachment, isNeeded } from './attachment.ts';
import { carryOver, positionsOf } from './carry-over.ts';
import { endOf } from './found-store.ts';
import type { LegacyPart } from './legacy-part.ts';
import { removeLegacyStore } from './lmdb/files.ts';
import type { DamagedLegacyRecord, LegacyRecord } from './lmdb/store.ts';
import { LegacyStoreUnreadable } from './lmdb/unreadable.ts';
import { reopen } from './reopen.ts';
import { restoreRuns, storeRuns } from './run-keys.ts';
import { isSpaceError } from './space-error.ts';
import { countMissing, renameAside, setAside } from './store-loss.ts';

export interface AttachedLegacyStore extends LegacyPart {
  /** Resolves when no sink needs the store. */
  readonly drained: Promise<void>;
  /** Retries a carry-over that failed for lack of disk space; called every minute. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

const maxCarryAttempts = 3;

/** Attaches the store; returns undefined if no sink needs it. */
export async function attachLegacyStore(options: AttachLegacyOptions): Promise<AttachedLegacyStore | undefined> {
  const { store, found } = options;
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => void (resolve = settle));
  const attachment: Attachment = {
    ...options,
    legacy: found.kind === 'open' ? found.legacy : undefined,
    end: endOf(found) ?? store.state.legacy.end,
    isDeferred: false,
    isRemoving: false,
    reopening: undefined,
    failures: new WeakMap(),
    drained: { promise, resolve },
  };
  const part = partOf(attachment);
  await resume(attachment, part);
  if (!isNeeded(attachment)) {
    await attachment.legacy?.close();
    return undefined;
  }
  await removeIfDrained(attachment);
  return part;
}

function partOf(attachment: Attachment): AttachedLegacyStore {
  const { store, directory, stop } = attachment;
  const dataFile = join(directory, 'data.mdb');
  return {
    get end() {
      return attachment.end;
    },
    isAttached: () => isNeeded(attachment),
    refusal: (change) =>
      change?.former === undefined && isNeeded(attachment) && store.state.legacy.phase !== 'carried'
        ? 'what an earlier version of this program has stored waits for room to be carried over'
        : undefined,
    records: (from, through) => recordsOf(attachment, from, through),
    unreadable: (error) => reopen(attachment, error),
    appendedAtMs: statSync(dataFile, { throwIfNoEntry: false })?.mtimeMs,
    fileBytes: () => statSync(dataFile, { throwIfNoEntry: false })?.size ?? 0,
    drained: attachment.drained.promise,
    async tidy() {
      if (attachment.isDeferred && !stop.signal.aborted)
        await carryOrDefer(attachment).catch((error: unknown) => reopen(attachment, error));
      await removeIfDrained(attachment);
    },
    async close() {
      stop.abort(new Error('the spool is closed'));
      await attachment.legacy?.close();
    },
  };
}

/** Goes on at the phase that the last run reached. */
async function resume(attachment: Attachment, part: AttachedLegacyStore): Promise<void> {
  const { store, found, log, directory } = attachment;
  const { phase } = store.state.legacy;
  if (phase === 'drained') {
    if (found.kind === 'open') await restoreRuns(store, found.legacy, directory);
    return remove(attachment);
  }
  if (phase === 'aside') return renameAside(attachment);
  if (found.kind === 'none') return isAttached(store.state.legacy) ? countMissing(attachment) : undefined;
  if (found.kind === 'damaged') return setAside(attachment, found.error, phase !== 'carried');
  if (phase === 'over' || (phase === 'none' && store.totals().records !== attachment.end.records)) {
    return setAside(
      attachment,
      new Error('it is of a version before this one that ran after it, and does not go on where the log ends'),
      true,
    );
  }
  if (phase !== 'none') attachment.end = store.state.legacy.end;
  const { records } = attachment.end;
  store.attachLegacy(part);
  store.onDurable(() => void removeIfDrained(attachment));
  if (phase !== 'carried') {
    log?.info({ records }, 'the store of an earlier version is attached, and drained before what comes now');
    return carryOrDefer(attachment);
  }
  const foundRecords = endOf(found)?.records;
  if (foundRecords !== records)
    log?.error(
      { found: foundRecords, known: records },
      'an earlier version has added records to its store since it was attached; they are not read',
    );
  await restoreRuns(store, found.legacy, directory);
  log?.info({ records }, 'the store of an earlier version is drained');
}

/** Without disk space it defers the carry-over. Sinks then read records from the legacy positions. */
async function carryOrDefer(attachment: Attachment): Promise<void> {
  const { store, log, end, disk } = attachment;
  const moved = attachment.isDeferred ? new Map(store.state.positions) : new Map<string, Position>();
  attachment.isDeferred = true;
  for (let attempt = 1; attempt <= maxCarryAttempts; attempt += 1) {
    try {
      await store.preallocateSegment();
      if (attachment.legacy === undefined) return;
      await carryOver({ store, legacy: attachment.legacy, end, log, moved });
      attachment.isDeferred = false;
      return;
    } catch (error) {
      if (error instanceof LegacyStoreUnreadable && error.isDamaged) return setAside(attachment, error, true);
      if (!isSpaceError(error)) throw error;
      disk.giveUpReserve();
    }
  }
  if (attachment.legacy === undefined) return;
  const positions = moved.size > 0 ? moved : await positionsOf({ legacy: attachment.legacy, end });
  for (const [sink, position] of positions) store.state.positions.set(sink, position);
}

async function* recordsOf(
  attachment: Attachment,
  from: number,
  through: number,
): AsyncGenerator<LegacyRecord | DamagedLegacyRecord> {
  const { legacy, end, failures } = attachment;
  if (legacy === undefined) throw new LegacyStoreUnreadable('the store of an earlier version is not open');
  try {
    yield* legacy.records(from, Math.min(through, end.records));
  } catch (error) {
    failures.set(error as Error, legacy);
    throw error;
  }
}

async function removeIfDrained(attachment: Attachment): Promise<void> {
  const { store, end, log } = attachment;
  const isCarried = (): boolean => store.state.legacy.phase === 'carried';
  if (attachment.isRemoving || !isCarried()) return;
  if (![...store.state.positions.values()].every((position) => hasPassed(position, end))) return;
  attachment.isRemoving = true;
  try {
    await store.commit({ former: { phase: 'drained', end } });
    await remove(attachment);
    log?.info('the store of an earlier version is drained, and its file is gone');
  } catch (error) {
    // On a full disk the next call tries again.
    if (!isSpaceError(error))
      log?.error(
        { reason: (error as Error).message },
        'the store of an earlier version is drained, and cannot be removed',
      );
    if (!isCarried()) attachment.drained.resolve();
  } finally {
    attachment.isRemoving = false;
  }
}

/** Removes the file. A start repeats this after a crash. */
async function remove(attachment: Attachment): Promise<void> {
  const { store, directory } = attachment;
  await attachment.legacy?.close();
  attachment.legacy = undefined;
  await storeRuns(store);
  removeLegacyStore(directory);
  // On a full disk only the removal frees the space for it.
  await storeRuns(store);
  await store.commit({ former: { phase: 'over', end: store.state.legacy.end } });
  attachment.drained.resolve();
}
