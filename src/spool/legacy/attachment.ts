// The state of an attached legacy store.

import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Disk } from '../disk/disk.ts';
import { isAttached } from '../legacy-phase.ts';
import type { Totals } from '../log/format.ts';
import type { Store } from '../store.ts';
import type { FoundLegacyStore } from './found-store.ts';
import type { LegacyStore } from './lmdb/store.ts';

export interface AttachLegacyOptions {
  readonly store: Store;
  readonly found: FoundLegacyStore;
  readonly directory: string;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log | undefined;
  /** Kills the reader process. */
  readonly stop: AbortController;
}

export interface Attachment extends AttachLegacyOptions {
  legacy: LegacyStore | undefined;
  end: Totals;
  /** The carry-over waits for disk space. */
  isDeferred: boolean;
  isRemoving: boolean;
  reopening: Promise<boolean> | undefined;
  /** The store of each read error. Several readers report the death of one process. */
  readonly failures: WeakMap<object, LegacyStore>;
  readonly drained: { readonly promise: Promise<void>; resolve(): void };
}

/** Reports whether sinks may still need the store. */
export function isNeeded({ store, isDeferred }: Attachment): boolean {
  return isDeferred || isAttached(store.state.legacy);
}
