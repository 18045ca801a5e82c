// Schedules checkpoints, recycles the segments that no checkpoint needs, and compacts those that are mostly dead.

import type { DiskSpace } from '../disk/disk-space.ts';
import { encodeState, writeCheckpoint } from './checkpoint.ts';
import { type CheckpointNeeds, compactable, isPassed, liveChanges, recyclable } from './recycling.ts';
import { applyChange, forgetDamageBefore, type SpoolState } from './state.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

interface CheckpointedStore extends WriteAheadLog {
  readonly space: Pick<DiskSpace, 'scarcity'>;
  logPositions(): void;
  /** Called with the error of a checkpoint. */
  failUnlessFull(error: unknown): void;
}

/** A checkpoint is due after this many segments. */
const segmentsPerCheckpoint = 4;
const scarceIntervalMs = 1_000;
/** Frames of a compaction between waits for the disk. */
const compactionFrames = 200;

/** `last` also writes the run keys of the open segment. `repeated` makes both checkpoints on disk equal. */
type CheckpointMode = 'due' | 'last' | 'repeated';

export class Checkpointer {
  private readonly store: CheckpointedStore;
  /** The place of the previous checkpoint; undefined after a reload. */
  private previousSegment: number | undefined;
  private lastSegment = 0;
  /** The group after the last checkpoint. */
  private lastGroup = 0;
  /** By the steady clock: earliest time of the next checkpoint on a scarce disk. */
  private notBeforeMs = -Infinity;
  private writing: Promise<void> | undefined;

  constructor(store: CheckpointedStore) {
    this.store = store;
  }

  /** Called when a group of this segment is durable. */
  groupDurable(segment: number): void {
    if (segment - this.lastSegment >= segmentsPerCheckpoint) {
      this.lastSegment = segment;
      void this.write();
    } else if (this.store.space.scarcity() !== undefined) {
      this.relieve();
    }
  }

  /**
   * Writes a checkpoint unless nothing was appended since the last, then recycles segments. A concurrent call joins the
   * checkpoint in progress. Never rejects.
   */
  write(mode: CheckpointMode = 'due'): Promise<void> {
    this.writing ??= this.writeNow(mode)
      .catch((error: unknown) => this.store.failUnlessFull(error))
      .finally(() => void (this.writing = undefined));
    return this.writing;
  }

  /** Frees segments on a nearly full disk. Writes two checkpoints, since both on disk hold segments. */
  relieve(): void {
    const nowMs = this.store.clock.steady();
    if (nowMs < this.notBeforeMs || !this.hasPassedSegment()) return;
    this.notBeforeMs = nowMs + scarceIntervalMs;
    void this.write().then(() => this.write('repeated'));
  }

  /** Called when the log was reloaded. */
  reloaded(): void {
    this.previousSegment = undefined;
  }

  /** Moves the live entries out of mostly dead segments. Rejects if they cannot be appended. */
  async compact(): Promise<void> {
    const { store } = this;
    for (const segment of compactable(store.segmentTable, store.state)) {
      let count = 0;
      for (const change of liveChanges(store.directory, segment, store.state)) {
        store.append({ change });
        count += 1;
        if (count % compactionFrames === 0) await store.durable();
      }
    }
  }

  /** Writes the last checkpoint, and another one if that frees a segment. */
  async close(): Promise<void> {
    await this.writing;
    await this.write('last');
    if (this.hasPassedSegment()) await this.write('repeated');
  }

  private hasPassedSegment(): boolean {
    const { segmentTable, state } = this.store;
    return segmentTable.slice(0, -1).some((segment) => isPassed(segment, state.positions));
  }

  private async writeNow(mode: CheckpointMode): Promise<void> {
    const { store } = this;
    // A checkpoint must not have a position that the log lacks: it may become unreadable.
    store.logPositions();
    const { log } = store;
    const { place, group, totals } = log.seal();
    const isNew = group !== this.lastGroup || mode === 'repeated';
    if (!isNew && mode !== 'last') return;
    const state = this.finishedState();
    const { positions } = state;
    const live = new Map(state.live);
    const encode = encodeState(state);
    await log.durable();
    // Only then: the keys of a failed group must not be kept.
    await store.dedup.persistBefore(mode === 'last' ? place.segment + 1 : place.segment);
    if (!isNew) return;
    const segments = store.segmentTable.filter(({ number }) => number <= place.segment);
    const start = { ...place, number: group, before: totals };
    await writeCheckpoint(store.directory, encode({ place: start, segments, writtenAtMs: store.clock.now() }));
    this.lastGroup = group;
    const fromSegment = this.previousSegment ?? 0;
    this.previousSegment = place.segment;
    await this.recycle({ fromSegment, positions, live });
    this.lastSegment = place.segment;
  }

  /** The state with the pending ranges, whose frames precede the place of the checkpoint. */
  private finishedState(): SpoolState {
    const { state, clock, pending } = this.store;
    const finished: SpoolState = { ...state, positions: new Map(state.positions) };
    for (const finish of pending) applyChange(finished, { finish }, { segment: 0, at: 0 }, clock);
    return finished;
  }

  private async recycle(needs: CheckpointNeeds): Promise<void> {
    const { allocator, segmentTable } = this.store;
    for (const segment of recyclable(segmentTable, needs)) {
      const at = segmentTable.indexOf(segment);
      if (at === -1) continue;
      segmentTable.splice(at, 1);
      await allocator.recycle(segment.number).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    forgetDamageBefore(this.store.state, segmentTable[0]?.firstGroup ?? 0);
  }
}
