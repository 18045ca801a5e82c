// What is held of an open store, and its end.

import type { Change } from './state/change.ts';
import type { Checkpoints } from './state/checkpoints.ts';
import type { Content } from './state/stored-content.ts';
import type { Dedup } from './dedup/dedup.ts';
import { DiskFailed } from './disk/disk-failed.ts';
import type { LegacyPart } from './legacy/legacy-part.ts';
import type { GroupPlaces } from './log/group-places.ts';
import type { SegmentLog } from './log/segment-log.ts';
import type { SegmentSupply } from './log/segment-supply.ts';
import type { SegmentEntry } from './log/segment-table.ts';
import type { PositionWriter } from './readers/position-writer.ts';
import type { Recovered } from './state/recovery.ts';
import { wordsOf } from './state/segment-rescue.ts';
import type { DiskSpace } from './disk/disk-space.ts';
import { SpoolFull } from './spool-full.ts';
import type { SpoolState } from './state/state.ts';
import type { StoreOptions } from './store.ts';

/** What is held of an open store. */
export interface Opened extends Pick<StoreOptions, 'directory' | 'clock' | 'write' | 'firstTotals'> {
  readonly segmentBytes: number;
  readonly supply: SegmentSupply;
  readonly index: GroupPlaces;
  content: Content;
  readonly dedup: Dedup;
  room: DiskSpace;
  checkpoints: Checkpoints;
  positions: PositionWriter;
  readonly onDurable: (() => void)[];
  readonly onChange: ((change: Change | 'segments') => void)[];
  readonly tellFailed: (failure: DiskFailed) => void;
  recovered: Recovered;
  state: SpoolState;
  segments: SegmentEntry[];
  log: SegmentLog;
  former: LegacyPart | undefined;
  failure: DiskFailed | undefined;
  isClosed: boolean;
}

export function tell({ onChange }: Opened, change: Change | 'segments'): void {
  for (const listener of onChange) listener(change);
}

/** The next segment is laid out while there is time; where there is no room, what is appended is refused before it is written. */
export function prepare(opened: Opened): void {
  opened.supply.prepare().catch((error: unknown) => failUnlessFull(opened, error));
}

export function failUnlessFull(opened: Opened, error: unknown): void {
  // The group that a checkpoint waited for was refused: the next one is written when there is room.
  if (error instanceof SpoolFull || opened.room.isLackOfSpace(error) || opened.isClosed) return;
  fail(opened, error);
}

export function fail(opened: Opened, error: unknown): DiskFailed {
  if (opened.failure !== undefined) return opened.failure;
  opened.failure =
    error instanceof DiskFailed
      ? error
      : new DiskFailed(`spool: ${wordsOf(error, opened.log.openFile(), opened.segments.at(-1)?.end)}`, {
          cause: error,
        });
  opened.log.fail(opened.failure);
  opened.tellFailed(opened.failure);
  return opened.failure;
}
