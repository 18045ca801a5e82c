// What the rest of the spool asks of the log with the state over it: what is appended changes the state at once, and counts when it is
// durable. open-store.ts makes one.

import type { Clock } from '../runtime/clock.ts';
import type { Change } from './state/change.ts';
import type { Checkpoints } from './state/checkpoints.ts';
import type { Content } from './state/stored-content.ts';
import type { Dedup } from './dedup/dedup.ts';
import type { Disk } from './disk/disk.ts';
import type { DiskFailed } from './disk/disk-failed.ts';
import type { LegacyPart } from './legacy/legacy-part.ts';
import type { StoredRunKey, Totals } from './log/format.ts';
import type { GroupPlaces } from './log/group-places.ts';
import type { DurableEnd, WriteFunction } from './log/segment-log.ts';
import type { SegmentEntry } from './log/segment-table.ts';
import type { SpoolState } from './state/state.ts';

export interface Store {
  readonly clock: Clock;
  /** As it is after all that was appended. */
  readonly state: SpoolState;
  readonly segments: () => readonly SegmentEntry[];
  readonly index: GroupPlaces;
  readonly content: Content;
  readonly dedup: Dedup;
  /** What has been appended, ever, durable or not. */
  totals(): Totals;
  /** What is durable. */
  durableEnd(): DurableEnd;
  /** Appends points, a change, or both in one frame; what is in the change holds at once. */
  append(appended: Appended): void;
  /** Appends a change; resolves when it is durable. */
  commit(change: Change): Promise<void>;
  /** Tells when all that was appended so far is durable, or cannot be made so. */
  whenDurable(resolve: () => void, reject: (error: Error) => void): void;
  durable(): Promise<void>;
  /** A sink has finished something of which nothing need be kept: its position is written down soon. */
  moved(sink: string): void;
  /** Called after each group that is durable. */
  onDurable(listener: () => void): void;
  /** Called after each change of what is known of sinks, and when segments came or went. */
  onChange(listener: (change: Change | 'segments') => void): void;
  /** Why nothing may be appended now, since the disk is nearly full; undefined when there is room. */
  scarcity(): string | undefined;
  /** Whether a payload of so many bytes finds room in what is laid out. */
  hasRoomFor(bytes: number): boolean;
  /** Lays out a segment to be ready; rejects with SpoolFull where there is no room for one. */
  layOut(): Promise<void>;
  /** The store of an earlier version, as the older part of the spool; undefined: there is none. */
  former(): LegacyPart | undefined;
  attach(former: LegacyPart): void;
  /** A change that there is no room for holds nevertheless, and is in the next checkpoint. */
  suppose(change: Change): void;
  /** What the files of the log take. */
  fileBytes(): number;
  /** What was found at the start that should not be, in words for the log. */
  readonly findings: readonly string[];
  readonly checkpoints: Checkpoints;
  /** Fails when the file that is written has been deleted or replaced. */
  lookAtFile(): void;
  /** Resolves when nothing can be written any more. */
  readonly failed: Promise<DiskFailed>;
  close(): Promise<void>;
}

/** What goes into one frame. */
export interface Appended {
  /** The points, encoded (log/payload.ts), and how many they are. */
  readonly text?: string | undefined;
  readonly pointCount?: number;
  /** The run that all of it is of. */
  readonly run?: StoredRunKey | undefined;
  readonly change?: Change | undefined;
}

export interface StoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly dedupMaxBytes: number;
  /** By default the one that the directory is on. */
  readonly disk?: Disk;
  /** Told when the disk is nearly full, with the reason, and when there is room again. */
  readonly onScarcity?: (scarcity: string | undefined) => void;
  /** By default sized by the disk and the bound. */
  readonly segmentBytes?: number;
  /** In place of the system's write; for tests. */
  readonly write?: WriteFunction;
  /** What had been appended, ever, to the store that comes before the log. */
  readonly firstTotals?: Totals | undefined;
}
