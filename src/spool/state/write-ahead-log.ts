// The write-ahead log: the segment log, and the state that results from its changes. A change counts once it is durable.
// A full disk makes it truncate failed groups and recover; any other write error fails it.

import type { Clock } from '../../runtime/clock.ts';
import type { Dedup } from '../dedup/dedup.ts';
import { DiskFailed } from '../disk/disk-failed.ts';
import { firstGroupAt, type FrameHeader, frameKinds, type StoredRunKey, type Totals } from '../log/format.ts';
import { type GroupTable, groupTable } from '../log/group-table.ts';
import { joinedPayload } from '../log/payload.ts';
import type { SegmentAllocator } from '../log/segment-allocator.ts';
import {
  type DurableEnd,
  type Location,
  type SegmentLog,
  segmentLog,
  type WriteFunction,
  type WrittenGroup,
} from '../log/segment-log.ts';
import { type SegmentEntry, segmentEntry } from '../log/segment-table.ts';
import { finishRest } from '../readers/position.ts';
import { SpoolFull } from '../spool-full.ts';
import type { Change } from './change.ts';
import { ChangeReader } from './change-reader.ts';
import { type Recovered, recover } from './recovery.ts';
import { failureMessage, SegmentRemoved } from './removed-segment.ts';
import { applyChange, type SpoolState } from './state.ts';
import { truncateAndClose } from './tail.ts';

/** The contents of a frame. */
export interface Appended {
  /** Encoded points, and their number. */
  readonly text?: string | undefined;
  readonly pointCount?: number;
  readonly run?: StoredRunKey | undefined;
  readonly change?: Change | undefined;
}

export interface WriteAheadLogOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly segmentBytes: number;
  readonly allocator: SegmentAllocator;
  readonly dedup: Dedup;
  readonly recovered: Recovered;
  /** Totals of the legacy store, which precedes the log. */
  readonly firstTotals: Totals | undefined;
  readonly write: WriteFunction | undefined;
}

const noRun: StoredRunKey = { lo: 0, hi: 0, digest: 0 };

export abstract class WriteAheadLog {
  readonly clock: Clock;
  readonly directory: string;
  readonly allocator: SegmentAllocator;
  readonly dedup: Dedup;
  readonly groups: GroupTable;
  readonly changes: ChangeReader;
  /** Resolves once the disk has failed. */
  readonly failed: Promise<DiskFailed>;
  /** Includes every appended change, durable or not, except for finished ranges. Replaced by a reload, like `segmentTable` and `log`. */
  state: SpoolState;
  segmentTable: SegmentEntry[];
  log: SegmentLog;
  /** Finished ranges whose frames are not durable. They take effect then: their batches may have to be redelivered. */
  readonly pending = new Set<NonNullable<Change['finish']>>();
  protected readonly options: Omit<WriteAheadLogOptions, 'recovered'>;
  protected failure: DiskFailed | undefined;
  private recoveredTotals: Totals;
  private resolveFailed: (failure: DiskFailed) => void = () => {};

  constructor(options: WriteAheadLogOptions) {
    const { recovered, ...rest } = options;
    const { directory } = options;
    this.options = rest;
    this.clock = options.clock;
    this.directory = directory;
    this.allocator = options.allocator;
    this.dedup = options.dedup;
    this.state = recovered.state;
    this.segmentTable = recovered.segments;
    this.recoveredTotals = recovered.totals;
    this.failed = new Promise((resolve) => void (this.resolveFailed = resolve));
    this.groups = groupTable(directory);
    this.changes = new ChangeReader(directory, () => this.segmentTable, this.groups);
    this.log = this.openLog(recovered);
  }

  /** Reports whether a write failed because the disk is full. */
  protected abstract isLackOfSpace(error: unknown): boolean;
  /** @throws SpoolFull if there is no space for a payload */
  protected abstract requireRoomFor(payloadBytes: number): void;
  protected abstract stateChanged(change: Change): void;
  protected abstract segmentStarted(): void;
  protected abstract groupDurable(end: DurableEnd): void;
  protected abstract reloaded(): void;

  segments(): readonly SegmentEntry[] {
    return this.segmentTable;
  }

  /** Totals of everything appended, durable or not. */
  totals(): Totals {
    return this.log.totals();
  }

  durableEnd(): DurableEnd {
    const last = this.segmentTable.at(-1);
    return last === undefined
      ? { segment: 0, at: 0, totals: this.recoveredTotals }
      : { segment: last.number, at: last.end, totals: last.through };
  }

  /**
   * Appends a frame and applies its change.
   *
   * @throws SpoolFull if there is no space, DiskFailed once the disk has failed
   */
  append({ text, pointCount = 0, run = noRun, change }: Appended): void {
    let kind: FrameHeader['kind'] = frameKinds.points;
    let payload = text ?? '';
    if (change !== undefined || text === undefined) {
      const positions = change?.positions && { positions: this.withPending(change.positions) };
      const changeText = JSON.stringify({ ...change, ...positions });
      kind = text === undefined ? frameKinds.change : frameKinds.both;
      payload = text === undefined ? changeText : joinedPayload(text, changeText);
    }
    this.requireRoomFor(payload.length);
    const place = this.log.append({ kind, points: pointCount, run }, payload);
    if (run.hi !== 0) this.dedup.add(run, place.segment);
    if (change === undefined) return;
    this.changes.hold(place, change);
    this.apply(change, place);
  }

  private apply({ finish, ...others }: Change, place: Location): void {
    applyChange(this.state, others, place, this.clock);
    this.stateChanged(others);
    if (finish === undefined) return;
    this.pending.add(finish);
    const durable = (): void => {
      this.pending.delete(finish);
      applyChange(this.state, { finish }, place, this.clock);
    };
    this.whenDurable(durable, () => this.pending.delete(finish));
  }

  /** Advances positions over the pending ranges, which precede them in the log. */
  private withPending(positions: NonNullable<Change['positions']>): NonNullable<Change['positions']> {
    const moved = { ...positions };
    for (const { sink, range } of this.pending) {
      const position = moved[sink];
      if (position !== undefined && position !== null) moved[sink] = finishRest(position, range);
    }
    return moved;
  }

  /** Appends a change. Resolves when it is durable. */
  async commit(change: Change): Promise<void> {
    this.append({ change });
    await this.durable();
  }

  /** Resolves when everything appended so far is durable. Rejects if that fails. */
  durable(): Promise<void> {
    return this.log.durable();
  }

  /** Like `durable`, without allocating a promise. */
  whenDurable(resolve: () => void, reject: (error: Error) => void): void {
    this.log.whenDurable(resolve, reject);
  }

  /** Fails the log if the open segment's file was deleted or replaced. */
  checkFile(): void {
    if (!this.log.isFileInPlace()) this.fail(new SegmentRemoved());
  }

  protected fail(error: unknown): DiskFailed {
    if (this.failure !== undefined) return this.failure;
    const message = (): string => failureMessage(error, this.log.openFile(), this.segmentTable.at(-1)?.end);
    this.failure = error instanceof DiskFailed ? error : new DiskFailed(`spool: ${message()}`, { cause: error });
    this.log.fail(this.failure);
    this.resolveFailed(this.failure);
    return this.failure;
  }

  private openLog({ nextSegment, nextGroup, totals }: Recovered): SegmentLog {
    const { allocator, clock, segmentBytes, write } = this.options;
    return segmentLog({
      allocator,
      clock,
      segmentBytes,
      segment: nextSegment,
      group: nextGroup,
      totals,
      ...(write && { write }),
      onSegment: ({ header, bytes }) => {
        this.segmentTable.push(segmentEntry(header, bytes));
        this.segmentStarted();
      },
      onDurable: (group) => this.groupWritten(group),
      onFailure: (error, lostRuns) => this.groupFailed(error, lostRuns),
    });
  }

  private groupWritten({ at, number, before, atMs, end }: WrittenGroup): void {
    const open = this.segmentTable.at(-1) as SegmentEntry;
    [open.end, open.through, open.nextGroup] = [end.at, end.totals, number + 1];
    this.groups.add(open, { at, number, before, atMs }, end.at);
    if (!this.log.isFileInPlace()) throw new SegmentRemoved();
    this.changes.release(end);
    this.groupDurable(end);
  }

  /** Returns the error for the waiters. */
  private groupFailed(error: Error, lostRuns: readonly StoredRunKey[]): Error {
    for (const run of lostRuns) this.dedup.remove(run);
    if (this.failure !== undefined || !this.isLackOfSpace(error)) return this.fail(error);
    queueMicrotask(() => {
      try {
        this.reload();
      } catch (failed) {
        this.fail(failed);
      }
    });
    return new SpoolFull('disk: no space left', { cause: error });
  }

  /** Discards the failed groups. Positions are kept, since they may be ahead of the log. */
  private reload(): void {
    const { directory, clock, firstTotals } = this.options;
    const open = this.log.openFile();
    if (open !== undefined) truncateAndClose(open.file, this.segmentTable.at(-1)?.end ?? firstGroupAt);
    const recovered = recover({ directory, clock, firstTotals, repairs: true });
    for (const [sink, position] of this.state.positions) recovered.state.positions.set(sink, position);
    this.state = recovered.state;
    this.segmentTable = recovered.segments;
    this.recoveredTotals = recovered.totals;
    this.changes.discard();
    this.pending.clear();
    this.log = this.openLog(recovered);
    this.reloaded();
  }
}
