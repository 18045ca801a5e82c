// Attaches the store of an earlier version to the spool, as the older part that is drained first: at the start what it holds beside its
// records is carried over, and when every sink has passed its last record its file goes.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Disk } from '../disk/disk.ts';
import { carryOver, isLackOfRoom, keepRuns, positionsOf, restoreRuns } from './carry-over.ts';
import type { LegacyPart } from './legacy-part.ts';
import { gone, type Losable, setAside, setAsideAgain } from './store-loss.ts';
import { hasPassed, isAttached } from '../legacy-phase.ts';
import { endOf, type FoundLegacyStore, findLegacyStore } from './found-store.ts';
import { removeLegacyStore } from './lmdb/files.ts';
import type { DamagedLegacyRecord, LegacyRecord, LegacyStore } from './lmdb/store.ts';
import { LegacyStoreUnreadable } from './lmdb/unreadable.ts';
import type { Totals } from '../log/format.ts';
import type { Position } from '../readers/position.ts';
import type { Store } from '../store.ts';

export interface AttachedLegacyStore extends LegacyPart {
  /** Resolves when nothing of it is waited for any more. */
  readonly drained: Promise<void>;
  /** Carries over what could not be for lack of room; to be called every minute. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

export interface AttachLegacyOptions {
  readonly store: Store;
  readonly found: FoundLegacyStore;
  readonly directory: string;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log | undefined;
  /** Ends what reads it. */
  readonly stop: AbortController;
}

interface Attached extends AttachLegacyOptions, Losable {
  end: Totals;
  isEnding: boolean;
  recovering: Promise<boolean> | undefined;
  /** Of which store each error came: several readers meet the end of one process. */
  readonly failures: WeakMap<object, LegacyStore>;
}

const carryAttempts = 3;
const firstPauseMs = 1_000;
const maxPauseMs = 60_000;

/** Attaches what was found; undefined where nothing of it is waited for. */
export async function attachLegacyStore(options: AttachLegacyOptions): Promise<AttachedLegacyStore | undefined> {
  const { store, found } = options;
  let resolve = (): void => {};
  const promise = new Promise<void>((tell) => void (resolve = tell));
  const former = found.kind === 'open' ? found.former : undefined;
  const attached: Attached = {
    ...options,
    former,
    end: endOf(found) ?? store.state.former.end,
    isDeferred: false,
    isEnding: false,
    recovering: undefined,
    failures: new WeakMap(),
    drained: { promise, resolve },
  };
  const part = partOf(attached);
  await begin(attached, part);
  if (!isWaitedFor(attached)) {
    await former?.close();
    return undefined;
  }
  await look(attached);
  return part;
}

function partOf(attached: Attached): AttachedLegacyStore {
  const { store, directory } = attached;
  const refusal = 'what an earlier version of this program has stored waits for room to be carried over';
  return {
    get end() {
      return attached.end;
    },
    isAttached: () => isWaitedFor(attached),
    refusal: (change) =>
      change?.former === undefined && isWaitedFor(attached) && store.state.former.phase !== 'carried'
        ? refusal
        : undefined,
    records: (from, through) => recordsOf(attached, from, through),
    unreadable: (error) => recovered(attached, error),
    appendedAtMs: statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false })?.mtimeMs,
    fileBytes: () => statSync(join(directory, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0,
    drained: attached.drained.promise,
    async tidy() {
      if (attached.isDeferred && !attached.stop.signal.aborted)
        await carry(attached).catch((error: unknown) => recovered(attached, error));
      await look(attached);
    },
    async close() {
      attached.stop.abort(new Error('the spool is closed'));
      await attached.former?.close();
    },
  };
}

function isWaitedFor({ store, isDeferred }: Attached): boolean {
  return isDeferred || isAttached(store.state.former);
}

/** What is to be done at a start, by how far it was the last time. */
async function begin(attached: Attached, part: AttachedLegacyStore): Promise<void> {
  const { store, found, log } = attached;
  const { phase } = store.state.former;
  if (phase === 'drained') {
    if (found.kind === 'open') await restoreRuns(store, found.former, attached.directory);
    return over(attached);
  }
  if (phase === 'aside') return setAsideAgain(attached);
  if (found.kind === 'none') return isAttached(store.state.former) ? gone(attached) : undefined;
  if (found.kind === 'damaged') return setAside(attached, found.error, phase !== 'carried');
  if (phase === 'over' || (phase === 'none' && store.totals().records !== attached.end.records)) {
    return setAside(
      attached,
      new Error('it is of a version before this one that ran after it, and does not go on where the log ends'),
      true,
    );
  }
  if (phase !== 'none') attached.end = store.state.former.end;
  store.attach(part);
  store.onDurable(() => void look(attached));
  if (phase === 'carried') {
    const foundEnd = endOf(found)?.records;
    if (foundEnd !== attached.end.records)
      log?.error(
        { found: foundEnd, known: attached.end.records },
        'an earlier version has added records to its store since it was attached; they are not read',
      );
    await restoreRuns(store, found.former, attached.directory);
    log?.info({ records: attached.end.records }, 'the store of an earlier version is drained');
    return;
  }
  log?.info(
    { records: attached.end.records },
    'the store of an earlier version is attached, and drained before what comes now',
  );
  await carry(attached);
}

/** Where there is no room the sinks are served nevertheless. */
async function carry(attached: Attached): Promise<void> {
  const { store, log, end } = attached;
  const moved = attached.isDeferred ? new Map(store.state.positions) : new Map<string, Position>();
  attached.isDeferred = true;
  for (let attempt = 1; attempt <= carryAttempts; attempt += 1) {
    try {
      await store.layOut();
      if (attached.former === undefined) return;
      await carryOver({ store, former: attached.former, end, log, moved });
      attached.isDeferred = false;
      return;
    } catch (error) {
      if (error instanceof LegacyStoreUnreadable && error.isDamaged) return setAside(attached, error, true);
      if (!isLackOfRoom(error)) throw error;
      attached.disk.giveUpReserve();
    }
  }
  for (const [sink, position] of moved.size > 0
    ? moved
    : await positionsOf({ former: attached.former as LegacyStore, end }))
    store.state.positions.set(sink, position);
}

async function* recordsOf(
  attached: Attached,
  from: number,
  through: number,
): AsyncGenerator<LegacyRecord | DamagedLegacyRecord> {
  if (attached.former === undefined) throw new LegacyStoreUnreadable('the store of an earlier version is not open');
  const { former } = attached;
  try {
    yield* former.records(from, Math.min(through, attached.end.records));
  } catch (error) {
    attached.failures.set(error as Error, former);
    throw error;
  }
}

/** Once every sink has passed its last record it goes, and a start that finds it again removes it again. */
async function look(attached: Attached): Promise<void> {
  const { store, end, log } = attached;
  if (attached.isEnding || store.state.former.phase !== 'carried') return;
  if (![...store.state.positions.values()].every((position) => hasPassed(position, end))) return;
  attached.isEnding = true;
  try {
    await store.commit({ former: { phase: 'drained', end } });
    await over(attached);
    log?.info('the store of an earlier version is drained, and its file is gone');
  } catch (error) {
    // On a full disk it stays until there is room to say so.
    if (!isLackOfRoom(error))
      log?.error(
        { reason: (error as Error).message },
        'the store of an earlier version is drained, and cannot be removed',
      );
    if (isOver(attached)) attached.drained.resolve();
  } finally {
    attached.isEnding = false;
  }
}

function isOver({ store }: Attached): boolean {
  return store.state.former.phase !== 'carried';
}

async function over(attached: Attached): Promise<void> {
  const { store, directory, former } = attached;
  await former?.close();
  attached.former = undefined;
  await keepRuns(store);
  removeLegacyStore(directory);
  await keepRuns(store);
  await store.commit({ former: { phase: 'over', end: store.state.former.end } });
  attached.drained.resolve();
}

/** What has failed with a process that has a successor already can be read again at once. */
function recovered(attached: Attached, error: unknown): Promise<boolean> {
  const failed = attached.failures.get(error as object);
  if (failed !== undefined && failed !== attached.former && attached.recovering === undefined)
    return Promise.resolve(isWaitedFor(attached));
  return (attached.recovering ??= recover(attached, error).finally(() => void (attached.recovering = undefined)));
}

/** Whether it can be read again: what was ended by others is started anew. */
async function recover(attached: Attached, error: unknown): Promise<boolean> {
  const { stop, clock, log } = attached;
  let reason = error;
  for (
    let pauseMs = firstPauseMs;
    !stop.signal.aborted && isWaitedFor(attached);
    pauseMs = Math.min(maxPauseMs, pauseMs * 2)
  ) {
    if (reason instanceof LegacyStoreUnreadable && reason.isDamaged) {
      await setAside(attached, reason, attached.isDeferred);
      return false;
    }
    log?.warn(
      { reason: (reason as Error).message },
      'the store of an earlier version cannot be read now; it is tried again',
    );
    await attached.former?.close();
    await clock.sleep(pauseMs, { signal: stop.signal }).catch(() => undefined);
    try {
      const found = await findLegacyStore({ ...attached, signal: stop.signal });
      if (found.kind === 'open') {
        attached.former = found.former;
        return true;
      }
      if (found.kind === 'none') {
        await gone(attached);
        return false;
      }
      reason = found.error;
    } catch (again) {
      reason = again;
    }
  }
  return false;
}
