// Opens the log with the state over it.

import { type Checkpoints, openCheckpoints } from './state/checkpoints.ts';
import { content } from './state/stored-content.ts';
import { openDedup } from './dedup/dedup.ts';
import { diskOf } from './disk/disk.ts';
import { DiskFailed } from './disk/disk-failed.ts';
import type { StoredRunKey } from './log/format.ts';
import { groupPlaces } from './log/group-places.ts';
import type { DurableEnd } from './log/segment-log.ts';
import { segmentSupply } from './log/segment-supply.ts';
import { positionWriter } from './readers/position-writer.ts';
import { recover } from './state/recovery.ts';
import { FileGone } from './state/segment-rescue.ts';
import { openDiskSpace } from './disk/disk-space.ts';
import { segmentBytesFor } from './disk/segment-size.ts';
import { SpoolFull } from './spool-full.ts';
import { apply } from './state/state.ts';
import type { Store, StoreOptions } from './store.ts';
import { append, hasRoomFor } from './append-frame.ts';
import { openLog } from './opened-log.ts';
import { fail, failUnlessFull, type Opened } from './opened-store.ts';

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
    directory,
    clock,
    segmentBytes,
    supply,
    index,
    dedup,
    tellFailed,
    recovered,
    state: recovered.state,
    segments: recovered.segments,
    ...(options.write && { write: options.write }),
    onDurable: [],
    onChange: [],
    former: undefined,
    failure: undefined,
    isClosed: false,
    firstTotals,
  } as unknown as Opened;
  opened.content = content({ directory, segments: () => opened.segments, index });
  opened.checkpoints = checkpointsOf(opened, options);
  opened.positions = positionWriter(
    clock,
    (change) => append(opened, { change }),
    () => opened.state,
  );
  opened.log = openLog(opened);
  opened.room = openDiskSpace({
    disk,
    clock,
    reusableBytes: () => supply.spareBytes() + opened.log.leftBytes(),
    onChange: onScarcity,
  });
  return storeOf(opened, recovered.findings, failed);
}

function storeOf(opened: Opened, findings: readonly string[], failed: Promise<DiskFailed>): Store {
  const { clock, index, content: texts, dedup, checkpoints, room, supply, positions } = opened;
  return {
    clock,
    index,
    content: texts,
    dedup,
    findings,
    checkpoints,
    failed,
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
    suppose: (change) =>
      apply(
        opened.state,
        change,
        {
          segment: 0,
          at: 0,
        },
        clock,
      ),
    fileBytes: () => opened.segments.reduce((sum, { fileBytes }) => sum + fileBytes, 0) + supply.spareBytes(),
    lookAtFile: () => void (opened.log.isThere() || fail(opened, new FileGone())),
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
  return last === undefined
    ? { segment: 0, at: 0, totals: recovered.totals }
    : { segment: last.number, at: last.end, totals: last.through };
}

async function layOut({ supply, room }: Opened): Promise<void> {
  await supply.prepare().catch((error: unknown) => {
    throw room.isLackOfSpace(error) ? new SpoolFull('disk: no space left', { cause: error }) : error;
  });
}

function checkpointsOf(opened: Opened, { directory, clock }: StoreOptions): Checkpoints {
  return openCheckpoints({
    directory,
    clock,
    supply: opened.supply,
    dedup: opened.dedup,
    state: () => opened.state,
    segments: () => opened.segments,
    log: () => opened.log,
    append: (change) => append(opened, { change }),
    writePositions: () => opened.positions.write(),
    isScarce: () => opened.room.scarcity() !== undefined,
    onError: (error) => failUnlessFull(opened, error),
  });
}
