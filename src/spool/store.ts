// The store: the write-ahead log with checkpoints, logged positions, bounded disk space and the legacy store before it.
// open-store.ts opens it; spool.ts is its facade.

import type { Clock } from '../runtime/clock.ts';
import type { Disk } from './disk/disk.ts';
import { type DiskSpace, openDiskSpace } from './disk/disk-space.ts';
import type { LegacyPart } from './legacy/legacy-part.ts';
import type { Totals } from './log/format.ts';
import type { DurableEnd, WriteFunction } from './log/segment-log.ts';
import { SpoolFull } from './spool-full.ts';
import type { Change } from './state/change.ts';
import { Checkpointer } from './state/checkpointer.ts';
import { applyChange } from './state/state.ts';
import { type Appended, WriteAheadLog, type WriteAheadLogOptions } from './state/write-ahead-log.ts';

export interface StoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** Bound on the backlog, retry sets, parked measurements and dead letters. */
  readonly maxBytes: number;
  readonly dedupMaxBytes: number;
  /** Defaults to the disk of the directory. */
  readonly disk?: Disk;
  /** Called with the reason when the disk is nearly full, and with undefined when it has space again. */
  readonly onScarcity?: (scarcity: string | undefined) => void;
  /** Defaults to a share of the disk and of `maxBytes`. */
  readonly segmentBytes?: number;
  /** Replaces fs.write in tests. */
  readonly write?: WriteFunction;
  /** Totals of the legacy store, which precedes the log. */
  readonly firstTotals?: Totals | undefined;
}

interface StoreParts extends WriteAheadLogOptions {
  readonly disk: Disk;
  readonly onScarcity: (scarcity: string | undefined) => void;
}

type ChangeListener = (change: Change | 'segments') => void;

const positionDelayMs = 50;

export class Store extends WriteAheadLog {
  readonly checkpointer: Checkpointer;
  readonly space: DiskSpace;
  /** Anomalies found by recovery, as messages for the log. */
  readonly findings: readonly string[];
  /** The legacy store as the oldest part of the spool, if there is one. */
  legacy: LegacyPart | undefined;
  private readonly durableListeners: (() => void)[] = [];
  private readonly changeListeners: ChangeListener[] = [];
  /** Sinks whose positions are to be logged. */
  private readonly movedSinks = new Set<string>();
  private isLoggingSoon = false;
  private readonly stop = new AbortController();
  private isClosed = false;

  constructor({ disk, onScarcity, ...options }: StoreParts) {
    super(options);
    const { clock, allocator, recovered } = options;
    this.findings = recovered.findings;
    this.checkpointer = new Checkpointer(this);
    const reusableBytes = (): number => allocator.spareBytes() + this.log.leftBytes();
    this.space = openDiskSpace(disk, clock, reusableBytes, onScarcity);
  }

  override append(frame: Appended): void {
    const refusal = this.legacy?.refusal(frame.change);
    if (refusal !== undefined) throw new SpoolFull(refusal);
    super.append(frame);
  }

  /** Called when a position has moved without a frame. It is logged soon: a crash before that redelivers its points. */
  positionMoved(sink: string): void {
    this.movedSinks.add(sink);
    void this.logPositionsSoon();
  }

  private async logPositionsSoon(): Promise<void> {
    if (this.isLoggingSoon) return;
    this.isLoggingSoon = true;
    await this.clock.sleep(positionDelayMs, { signal: this.stop.signal }).catch(() => undefined);
    this.isLoggingSoon = false;
    this.logPositions();
  }

  /** Logs the positions that have moved. */
  logPositions(): void {
    const changed = [...this.state.positions].filter(([sink]) => this.movedSinks.has(sink));
    this.movedSinks.clear();
    if (changed.length === 0 || this.stop.signal.aborted) return;
    try {
      this.append({ change: { positions: Object.fromEntries(changed) } });
    } catch {
      // On a full disk they are in the next checkpoint.
      for (const [sink] of changed) this.movedSinks.add(sink);
    }
  }

  /** The listener is called after each durable group. */
  onDurable(listener: () => void): void {
    this.durableListeners.push(listener);
  }

  /** The listener is called after each change of the state, and of the segment table. */
  onChange(listener: ChangeListener): void {
    this.changeListeners.push(listener);
  }

  /** Reports whether a payload fits into preallocated space. Preallocates more if not. */
  hasRoomFor(bytes: number): boolean {
    if (this.log.hasRoomFor(bytes)) return true;
    // Before the first segment, or after the disk was full.
    if (this.space.scarcity() === undefined) return true;
    this.preallocate();
    return false;
  }

  /** Preallocates a segment. Rejects with SpoolFull if there is no space for it. */
  async preallocateSegment(): Promise<void> {
    await this.allocator.preallocate().catch((error: unknown) => {
      throw this.isLackOfSpace(error) ? new SpoolFull('disk: no space left', { cause: error }) : error;
    });
  }

  attachLegacy(part: LegacyPart): void {
    this.legacy = part;
  }

  /** Applies a change without logging it, on a full disk. The next checkpoint has it. */
  applyUnlogged(change: Change): void {
    applyChange(this.state, change, { segment: 0, at: 0 }, this.clock);
  }

  fileBytes(): number {
    return this.segmentTable.reduce((sum, { fileBytes }) => sum + fileBytes, 0) + this.allocator.spareBytes();
  }

  /** Fails the store, unless the error means that the disk is full. */
  failUnlessFull(error: unknown): void {
    // SpoolFull: the group that a checkpoint waited for was refused. The next one is written when there is space.
    if (error instanceof SpoolFull || this.isLackOfSpace(error) || this.isClosed) return;
    this.fail(error);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    if (this.failure === undefined) this.logPositions();
    await this.checkpointer.close();
    this.isClosed = true;
    this.stop.abort();
    this.dedup.close();
    this.changes.close();
    await this.log.close();
  }

  protected override isLackOfSpace(error: unknown): boolean {
    return this.space.isLackOfSpace(error);
  }

  protected override requireRoomFor(payloadBytes: number): void {
    if (!this.hasRoomFor(payloadBytes))
      throw new SpoolFull(this.space.scarcity() ?? 'disk: no room for another segment');
  }

  protected override stateChanged(change: Change | 'segments'): void {
    for (const listener of this.changeListeners) listener(change);
  }

  /** Logs all positions in each new segment, in case no checkpoint is readable and earlier segments are recycled. */
  protected override segmentStarted(): void {
    this.stateChanged('segments');
    this.preallocate();
    const { positions } = this.state;
    const maxBytes = JSON.stringify([...positions]).length * 3;
    if (maxBytes > this.options.segmentBytes / 4) return;
    for (const sink of positions.keys()) this.positionMoved(sink);
    this.logPositions();
  }

  protected override groupDurable({ segment }: DurableEnd): void {
    this.checkpointer.groupDurable(segment);
    for (const listener of this.durableListeners) listener();
  }

  protected override reloaded(): void {
    this.checkpointer.reloaded();
    for (const sink of this.state.positions.keys()) this.positionMoved(sink);
    this.stateChanged('segments');
  }

  /** Preallocates the next segment in the background. */
  private preallocate(): void {
    this.allocator.preallocate().catch((error: unknown) => this.failUnlessFull(error));
  }
}
