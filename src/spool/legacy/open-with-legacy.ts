// Opens the log and attaches the legacy store. Without a legacy store its code is not imported.

import type { Log } from '../../runtime/log.ts';
import { diskOf } from '../disk/disk.ts';
import { openStore } from '../open-store.ts';
import type { Store, StoreOptions } from '../store.ts';
import type { AttachedLegacyStore } from './attached-store.ts';
import type { FoundLegacyStore } from './found-store.ts';
import { damagedLegacyStores, hasLegacyStore } from './lmdb/files.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Undefined if no sink needs it. */
  readonly legacy: AttachedLegacyStore | undefined;
}

/** @throws UnknownFormat, and LegacyStoreUnreadable if the cause is not damage */
export async function openWithLegacyStore(options: StoreOptions, log: Log | undefined): Promise<OpenedStore> {
  const { directory, clock, disk = diskOf(directory) } = options;
  for (const path of damagedLegacyStores(directory))
    log?.warn({ path }, 'an earlier version has set this spool aside as damaged; it is not read');
  if (!hasLegacyStore(directory)) {
    const store = openStore(options);
    if (['none', 'over'].includes(store.state.legacy.phase)) return { store, legacy: undefined };
    return attached(store, { kind: 'none' }, new AbortController());
  }
  const { endOf, findLegacyStore } = await import('./found-store.ts');
  const stop = new AbortController();
  const found = await findLegacyStore({ directory, clock, disk, signal: stop.signal });
  return attached(openedAfter(endOf(found)), found, stop);

  function openedAfter(firstTotals: StoreOptions['firstTotals']): Store {
    try {
      return openStore({ ...options, firstTotals });
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  async function attached(store: Store, found: FoundLegacyStore, stop: AbortController): Promise<OpenedStore> {
    try {
      const { attachLegacyStore } = await import('./attached-store.ts');
      return { store, legacy: await attachLegacyStore({ store, found, directory, clock, disk, log, stop }) };
    } catch (error) {
      stop.abort(error);
      await store.close();
      throw error;
    }
  }
}
