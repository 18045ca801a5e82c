// Opens the log with the state over it.

import { closeSync } from 'node:fs';
import type { Change } from './change.ts';
import { type Checkpoints, openCheckpoints } from './checkpoints.ts';
import { type Content, content } from './content.ts';
import { type Dedup, openDedup } from './dedup.ts';
import { diskOf } from './disk.ts';
import { DiskFailed } from './disk-failed.ts';
import type { FormerPart } from './former-part.ts';
import { firstGroupAt, type FrameHead, frameKinds, type StoredRunKey } from './log/format.ts';
import { type GroupPlaces, groupPlaces } from './log/group-places.ts';
import { joinedPayload } from './log/payload.ts';
import { type DurableEnd, type Location, type SegmentLog, segmentLog, type WrittenGroup } from './log/segment-log.ts';
import { type SegmentSupply, segmentSupply } from './log/segment-supply.ts';
import { type SegmentEntry, segmentEntry } from './log/segment-table.ts';
import { type PositionWriter, positionWriter } from './position-writer.ts';
import { recover, type Recovered } from './recovery.ts';
import { FileGone, wordsOf } from './rescue.ts';
import { openRoom, type Room } from './room.ts';
import { segmentBytesFor } from './segment-size.ts';
import { SpoolFull } from './spool-full.ts';
import { apply, type SpoolState } from './state.ts';
import type { Appended, Store, StoreOptions } from './store.ts';

const noRun: StoredRunKey = { lo: 0, hi: 0, digest: 0 };

/** What is held of an open store. */
interface Opened extends Pick<StoreOptions, 'directory' | 'clock' | 'write' | 'firstTotals'> {
  readonly segmentBytes: number;
  readonly supply: SegmentSupply;
  readonly index: GroupPlaces;
  content: Content;
  readonly dedup: Dedup;
  room: Room;
  checkpoints: Checkpoints;
  positions: PositionWriter;
  readonly onDurable: (() => void)[];
  readonly onChange: ((change: Change | 'segments') => void)[];
  readonly tellFailed: (failure: DiskFailed) => void;
  recovered: Recovered;
  state: SpoolState;
  segments: SegmentEntry[];
  log: SegmentLog;
  former: FormerPart | undefined;
  failure: DiskFailed | undefined;
  isClosed: boolean;
}

/** @throws UnknownFormat */
export function openStore(options: StoreOptions): Store {
  const { directory, clock, disk = diskOf(directory), onScarcity = () => {}, firstTotals } = options;
  const segmentBytes = options.segmentBytes ?? segmentBytesFor(disk.sizeBytes(), options.maxBytes);
  const runs: [segment: number, run: StoredRunKey, atMs: number][] = [];
  const recovered = recover({ directory, clock, firstTotals, repairs: true, onRun: (...run) => void runs.push(run) });
  const dedup = openDedup({ directory, clock, maxBytes: options.dedupMaxBytes, formerEndMs: recovered.lastAtMs });
  for (const [segment, run, atMs] of runs.splice(0)) dedup.restore(run, segment, atMs);
  const supply = segmentSupply(directory, segmentBytes);
  const index = groupPlaces(directory);
  let tellFailed: (failure: DiskFailed) => void = () => {};
  const failed = new Promise<DiskFailed>((resolve) => void (tellFailed = resolve));
  const opened = {
    ...{ directory, clock, segmentBytes, supply, index, dedup, tellFailed, recovered, state: recovered.state, segments: recovered.segments },
    ...(options.write && { write: options.write }),
    ...{ onDurable: [], onChange: [], former: undefined, failure: undefined, isClosed: false, firstTotals },
  } as unknown as Opened;
  opened.content = content({ directory, segments: () => opened.segments, index });
  opened.checkpoints = checkpointsOf(opened, options);
  opened.positions = positionWriter(clock, (change) => append(opened, { change }), () => opened.state);
  opened.log = openLog(opened);
  opened.room = openRoom({ disk, clock, reusableBytes: () => supply.spareBytes() + opened.log.leftBytes(), onChange: onScarcity });
  return storeOf(opened, recovered.findings, failed);
}

function storeOf(opened: Opened, findings: readonly string[], failed: Promise<DiskFailed>): Store {
  const { clock, index, content: texts, dedup, checkpoints, room, supply, positions } = opened;
  return {
    ...{ clock, index, content: texts, dedup, findings, checkpoints, failed },
    get state() {
      return opened.state;
    },
    segments: () => opened.segments,
    totals: () => opened.log.totals(),
    durableEnd: () => durableEnd(opened),
    append: (appended) => append(opened, appended),
    async commit(change) {
      append(opened, { change });
      await opened.log.durable();
    },
    whenDurable: (resolve, reject) => opened.log.whenDurable(resolve, reject),
    durable: () => opened.log.durable(),
    moved: positions.moved,
    onDurable: (listener) => void opened.onDurable.push(listener),
    onChange: (listener) => void opened.onChange.push(listener),
    scarcity: () => room.scarcity(),
    hasRoomFor: (bytes) => hasRoomFor(opened, bytes),
    layOut: () => layOut(opened),
    former: () => opened.former,
    attach: (part) => void (opened.former = part),
    suppose: (change) => apply(opened.state, change, { segment: 0, at: 0 }, clock),
    fileBytes: () => opened.segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0) + supply.spareBytes(),
    lookAtFile: () => void (opened.log.isThere() || fail(opened, new FileGone())),
    fail: (error) => void fail(opened, error),
    close: () => close(opened),
  };
}

async function close(opened: Opened): Promise<void> {
  if (opened.isClosed) return;
  if (opened.failure === undefined) opened.positions.write();
  await opened.checkpoints.close();
  opened.isClosed = true;
  opened.positions.close();
  opened.dedup.close();
  opened.content.close();
  await opened.log.close();
}

function durableEnd({ segments, recovered }: Opened): DurableEnd {
  const last = segments.at(-1);
  return last === undefined ? { segment: 0, at: 0, totals: recovered.totals } : { segment: last.number, at: last.end, totals: last.through };
}

function openLog(opened: Opened): SegmentLog {
  const { supply, clock, segmentBytes, write, recovered } = opened;
  const { nextSegment, nextGroup, totals } = recovered;
  return segmentLog({
    ...{ supply, clock, segmentBytes, segment: nextSegment, group: nextGroup, totals },
    ...(write && { write }),
    onSegment({ head, bytes }) {
      opened.segments.push(segmentEntry(head, firstGroupAt, bytes));
      tell(opened, 'segments');
      prepare(opened);
    },
    onDurable: (group) => durable(opened, group),
    onFailure(error, lostRuns) {
      for (const run of lostRuns) opened.dedup.remove(run);
      if (opened.failure !== undefined || !opened.room.isLackOfSpace(error)) return fail(opened, error);
      queueMicrotask(() => reload(opened));
      return new SpoolFull('disk: no space left', { cause: error });
    },
  });
}

function durable({ segments, index, log, content: texts, checkpoints, onDurable }: Opened, { at, number, before, atMs, end }: WrittenGroup): void {
  const open = segments.at(-1) as SegmentEntry;
  [open.end, open.through, open.nextGroup] = [end.at, end.totals, number + 1];
  index.note(open, { at, number, before, atMs }, end.at);
  if (!log.isThere()) throw new FileGone();
  texts.release(end);
  checkpoints.written(end);
  for (const listener of onDurable) listener();
}

/** What could not be written is as if it had never been: the log is read again, and goes on behind what is durable. */
function reload(opened: Opened): void {
  const { directory, clock } = opened;
  const { positions } = opened.state;
  const former = opened.log.openFile();
  if (former !== undefined) closeSync(former.file);
  opened.recovered = recover({ directory, clock, firstTotals: opened.firstTotals, repairs: true });
  opened.state = opened.recovered.state;
  opened.segments = opened.recovered.segments;
  for (const [sink, position] of positions) opened.state.positions.set(sink, position);
  opened.content.release(undefined);
  opened.log = openLog(opened);
  opened.checkpoints.reopened();
  for (const sink of positions.keys()) opened.positions.moved(sink);
  tell(opened, 'segments');
}

function tell({ onChange }: Opened, change: Change | 'segments'): void {
  for (const listener of onChange) listener(change);
}

/** The next segment is laid out while there is time; where there is no room, what is appended is refused before it is written. */
function prepare(opened: Opened): void {
  opened.supply.prepare().catch((error: unknown) => failUnlessFull(opened, error));
}

function failUnlessFull(opened: Opened, error: unknown): void {
  if (!opened.room.isLackOfSpace(error) && !opened.isClosed) fail(opened, error);
}

async function layOut({ supply, room }: Opened): Promise<void> {
  await supply.prepare().catch((error: unknown) => {
    throw room.isLackOfSpace(error) ? new SpoolFull('disk: no space left', { cause: error }) : error;
  });
}

function fail(opened: Opened, error: unknown): DiskFailed {
  if (opened.failure !== undefined) return opened.failure;
  opened.failure = error instanceof DiskFailed ? error : new DiskFailed(`spool: ${wordsOf(error, opened.log.openFile(), opened.segments.at(-1)?.end)}`, { cause: error });
  opened.log.fail(opened.failure);
  opened.tellFailed(opened.failure);
  return opened.failure;
}

function append(opened: Opened, { text, pointCount = 0, run = noRun, change }: Appended): void {
  const refusal = opened.former?.refusal(change);
  if (refusal !== undefined) throw new SpoolFull(refusal);
  let kind: FrameHead['kind'] = frameKinds.points;
  let payload = text ?? '';
  if (change !== undefined || text === undefined) {
    const changeText = JSON.stringify(change ?? {});
    kind = text === undefined ? frameKinds.change : frameKinds.both;
    payload = text === undefined ? changeText : joinedPayload(text, changeText);
  }
  if (!hasRoomFor(opened, payload.length)) throw new SpoolFull(opened.room.scarcity() ?? 'disk: no room for another segment');
  const place = opened.log.append({ kind, points: pointCount, run }, payload);
  if (run.hi !== 0) opened.dedup.add(run, place.segment);
  if (change === undefined) return;
  opened.content.hold(place, change);
  put(opened, change, place);
}

/** What a sink has finished holds when what came of it is durable, since until then it may have to be written down again. */
function put(opened: Opened, change: Change, place: Location): void {
  const { finish, ...others } = change;
  const { checkpoints, clock } = opened;
  apply(opened.state, others, place, clock);
  tell(opened, others);
  if (finish === undefined) return;
  checkpoints.finishing(finish);
  const finished = (): void => {
    checkpoints.finished(finish);
    apply(opened.state, { finish }, place, clock);
  };
  opened.log.whenDurable(finished, () => checkpoints.finished(finish));
}

function hasRoomFor(opened: Opened, bytes: number): boolean {
  if (opened.log.hasRoomFor(bytes)) return true;
  // Nothing was written yet, or the disk was full when it was last asked.
  if (opened.room.scarcity() === undefined) return true;
  prepare(opened);
  return false;
}

function checkpointsOf(opened: Opened, { directory, clock }: StoreOptions): Checkpoints {
  return openCheckpoints({
    ...{ directory, clock, supply: opened.supply, dedup: opened.dedup, segmentBytes: opened.segmentBytes },
    state: () => opened.state,
    segments: () => opened.segments,
    log: () => opened.log,
    append: (change) => append(opened, { change }),
    isScarce: () => opened.room.scarcity() !== undefined,
    onError: (error) => failUnlessFull(opened, error),
  });
}
