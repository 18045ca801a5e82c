// The log with the state over it: what is appended changes the state at once, and counts when it is durable.

import { closeSync, ftruncateSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Change } from './change.ts';
import { type Checkpoints, openCheckpoints } from './checkpoints.ts';
import { type Content, content } from './content.ts';
import { type Dedup, openDedup } from './dedup.ts';
import { type Disk, diskOf } from './disk.ts';
import { DiskFailed } from './disk-failed.ts';
import { firstGroupAt, type FrameHead, frameKinds, type StoredRunKey, type Totals } from './log/format.ts';
import { type GroupPlaces, groupPlaces } from './log/group-places.ts';
import { joinedPayload } from './log/payload.ts';
import { type DurableEnd, type Location, type SegmentLog, segmentLog, type WriteFunction } from './log/segment-log.ts';
import { type SegmentSupply, segmentSupply } from './log/segment-supply.ts';
import { type SegmentEntry, segmentEntry } from './log/segment-table.ts';
import { recover } from './recovery.ts';
import { rescue } from './rescue.ts';
import { openRoom } from './room.ts';
import { segmentBytesFor } from './segment-size.ts';
import { SpoolFull } from './spool-full.ts';
import { apply, type SpoolState } from './state.ts';

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
  /** Why nothing may be appended now, since the disk is nearly full; undefined when there is room. */
  scarcity(): string | undefined;
  /** Whether a payload of so many bytes finds room in what is laid out. */
  hasRoomFor(bytes: number): boolean;
  /** What the files of the log take. */
  fileBytes(): number;
  /** What was found at the start that should not be, in words for the log. */
  readonly findings: readonly string[];
  readonly checkpoints: Checkpoints;
  /** Fails when the file that is written has been deleted or replaced. */
  lookAtFile(): void;
  /** Ends it all: nothing is written from now on. */
  fail(error: unknown): void;
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
}

const noRun: StoredRunKey = { lo: 0, hi: 0, digest: 0 };
/** A position that has moved is written down so soon; a process that is killed writes what came in between once more. */
const positionsEveryMs = 50;

/** @throws UnknownFormat */
export function openStore(options: StoreOptions): Store {
  const { directory, clock, disk = diskOf(directory), onScarcity = () => {} } = options;
  const segmentBytes = options.segmentBytes ?? segmentBytesFor(disk.sizeBytes(), options.maxBytes);
  const runs: [segment: number, run: StoredRunKey, atMs: number][] = [];
  let recovered = recover({ directory, clock, repairs: true, onRun: (...run) => void runs.push(run) });
  const dedup = openDedup({ directory, clock, maxBytes: options.dedupMaxBytes, formerEndMs: recovered.lastAtMs });
  for (const run of runs.splice(0)) dedup.restore(run[1], run[0], run[2]);
  let { state, segments } = recovered;
  const { findings } = recovered;
  const supply: SegmentSupply = segmentSupply(directory, segmentBytes);
  const index = groupPlaces(directory);
  const texts = content({ directory, segments: () => segments, index });
  const listeners: (() => void)[] = [];
  const dirty = new Set<string>();
  let isWritingPositions = false;
  let failure: DiskFailed | undefined;
  let isClosed = false;
  let tellFailed: (failure: DiskFailed) => void;
  const failed = new Promise<DiskFailed>((resolve) => void (tellFailed = resolve));
  let log = openLog();
  const room = openRoom({ disk, clock, reusableBytes: () => supply.spareBytes() + log.leftBytes(), onChange: onScarcity });

  function openLog(): SegmentLog {
    const { nextSegment, nextGroup, totals } = recovered;
    return segmentLog({
      ...{ supply, clock, segmentBytes, segment: nextSegment, group: nextGroup, totals },
      ...(options.write && { write: options.write }),
      onSegment({ head, bytes }) {
        segments.push(segmentEntry(head, firstGroupAt, bytes));
        prepare();
        repeatPositions();
      },
      onDurable({ at, number, before, atMs, end }) {
        const open = segments.at(-1) as SegmentEntry;
        [open.end, open.through, open.nextGroup] = [end.at, end.totals, number + 1];
        index.note(open, { at, number, before, atMs }, end.at);
        if (!log.isThere()) throw new FileGone();
        texts.release(end);
        checkpoints.written(end);
        for (const listener of listeners) listener();
      },
      onFailure: (error, lostRuns) => {
        for (const run of lostRuns) dedup.remove(run);
        if (failure !== undefined || !room.isLackOfSpace(error)) return fail(error);
        queueMicrotask(reloadOrFail);
        return new SpoolFull('disk: no space left', { cause: error });
      },
    });
  }

  function reloadOrFail(): void {
    try {
      reload();
    } catch (error) {
      fail(error);
    }
  }

  /** What could not be written is as if it had never been: the log is read again, and goes on behind what is durable. */
  function reload(): void {
    const { positions } = state;
    const former = log.openFile();
    if (former !== undefined) endAt(former.file, segments.at(-1)?.end ?? firstGroupAt);
    recovered = recover({ directory, clock, repairs: true });
    ({ state, segments } = recovered);
    for (const [sink, position] of positions) state.positions.set(sink, position);
    for (const sink of positions.keys()) dirty.add(sink);
    texts.release(undefined);
    log = openLog();
    checkpoints.reopened();
  }

  /** The next segment is laid out while there is time; where there is no room, what is appended is refused before it is written. */
  function prepare(): void {
    supply.prepare().catch((error: unknown) => {
      if (!room.isLackOfSpace(error) && !isClosed) fail(error);
    });
  }

  function fail(error: unknown): DiskFailed {
    if (failure !== undefined) return failure;
    failure = error instanceof DiskFailed ? error : new DiskFailed(`spool: ${wordsOf(error)}`, { cause: error });
    log.fail(failure);
    tellFailed(failure);
    return failure;
  }

  function wordsOf(error: unknown): string {
    const file = log.openFile();
    if (error instanceof FileGone && file !== undefined) return rescue(file, segments.at(-1)?.end ?? 0);
    return (error as Error).message;
  }

  function append({ text, pointCount = 0, run = noRun, change }: Appended): void {
    let kind: FrameHead['kind'] = frameKinds.points;
    let payload = text ?? '';
    if (change !== undefined || text === undefined) {
      const positions = change?.positions && { positions: checkpoints.ahead(change.positions) };
      const changeText = JSON.stringify({ ...change, ...positions });
      kind = text === undefined ? frameKinds.change : frameKinds.both;
      payload = text === undefined ? changeText : joinedPayload(text, changeText);
    }
    if (!hasRoomFor(payload.length)) throw new SpoolFull(room.scarcity() ?? 'disk: no room for another segment');
    const place = log.append({ kind, points: pointCount, run }, payload);
    if (run.hi !== 0) dedup.add(run, place.segment);
    if (change === undefined) return;
    texts.hold(place, change);
    put(change, place);
  }

  /** What a sink has finished holds when what came of it is durable, since until then it may have to be written down again. */
  function put(change: Change, place: Location): void {
    const { finish, ...others } = change;
    apply(state, others, place, clock);
    if (finish === undefined) return;
    checkpoints.finishing(finish);
    log.whenDurable(
      () => {
        checkpoints.finished(finish);
        apply(state, { finish }, place, clock);
      },
      () => checkpoints.finished(finish),
    );
  }

  function hasRoomFor(bytes: number): boolean {
    if (log.hasRoomFor(bytes)) return true;
    // Nothing was written yet, or the disk was full when it was last asked.
    if (room.scarcity() === undefined) return true;
    prepare();
    return false;
  }

  async function writePositions(): Promise<void> {
    if (isWritingPositions) return;
    isWritingPositions = true;
    await clock.sleep(positionsEveryMs).catch(() => undefined);
    isWritingPositions = false;
    putPositions();
  }

  function putPositions(): void {
    const moved = [...dirty].flatMap((sink) => (state.positions.has(sink) ? [[sink, state.positions.get(sink)] as const] : []));
    dirty.clear();
    if (moved.length === 0 || isClosed || failure !== undefined) return;
    try {
      append({ change: { positions: Object.fromEntries(moved) as NonNullable<Change['positions']> } });
    } catch {
      // On a full disk they are in the next checkpoint.
      for (const [sink] of moved) dirty.add(sink);
    }
  }

  /** Each segment tells where the sinks stand, for when no checkpoint can be read and those before it are gone. */
  function repeatPositions(): void {
    const mostBytes = JSON.stringify([...state.positions]).length * 3;
    if (mostBytes > segmentBytes / 4) return;
    for (const sink of state.positions.keys()) dirty.add(sink);
    putPositions();
  }

  const checkpoints = openCheckpoints({
    ...{ directory, clock, supply, dedup, segmentBytes },
    state: () => state,
    segments: () => segments,
    log: () => log,
    append: (change) => append({ change }),
    formerThrough: recovered.formerThrough,
    isScarce: () => room.scarcity() !== undefined,
    onError(error) {
      // The group that a checkpoint waited for was refused: the next one is written when there is room.
      if (error instanceof SpoolFull || room.isLackOfSpace(error) || isClosed) return;
      fail(error);
    },
  });

  return {
    clock,
    get state() {
      return state;
    },
    segments: () => segments,
    ...{ index, content: texts, dedup, findings, checkpoints, failed },
    totals: () => log.totals(),
    durableEnd() {
      const last = segments.at(-1);
      return last === undefined ? { segment: 0, at: 0, totals: recovered.totals } : { segment: last.number, at: last.end, totals: last.through };
    },
    append,
    async commit(change) {
      append({ change });
      await log.durable();
    },
    whenDurable: (resolve, reject) => log.whenDurable(resolve, reject),
    durable: () => log.durable(),
    moved(sink) {
      dirty.add(sink);
      void writePositions();
    },
    onDurable: (listener) => void listeners.push(listener),
    scarcity: () => room.scarcity(),
    hasRoomFor,
    fileBytes: () => segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0) + supply.spareBytes(),
    lookAtFile() {
      if (!log.isThere()) fail(new FileGone());
    },
    fail: (error) => void fail(error),
    async close() {
      if (isClosed) return;
      if (failure === undefined) putPositions();
      await checkpoints.close();
      isClosed = true;
      dedup.close();
      texts.close();
      await log.close();
    },
  };
}

/** What was refused must not be found again, though it may be whole. */
function endAt(file: number, length: number): void {
  try {
    ftruncateSync(file, length);
  } finally {
    closeSync(file);
  }
}

/** The file that is written has another name now, or none. */
class FileGone extends Error {
  override readonly name = 'FileGone';
  constructor() {
    super('a segment was deleted or replaced');
  }
}
