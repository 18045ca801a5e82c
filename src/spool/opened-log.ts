// The log of an open store: what is done as segments are begun and groups become durable, and when a group finds no room.

import { firstGroupAt } from './log/format.ts';
import { type SegmentLog, segmentLog, type WrittenGroup } from './log/segment-log.ts';
import { type SegmentEntry, segmentEntry } from './log/segment-table.ts';
import { fail, type Opened, prepare, tell } from './opened-store.ts';
import { recover } from './state/recovery.ts';
import { endAt, FileGone } from './state/segment-rescue.ts';
import { SpoolFull } from './spool-full.ts';

export function openLog(opened: Opened): SegmentLog {
  const { supply, clock, segmentBytes, write, recovered } = opened;
  const { nextSegment, nextGroup, totals } = recovered;
  return segmentLog({
    supply,
    clock,
    segmentBytes,
    segment: nextSegment,
    group: nextGroup,
    totals,
    ...(write && { write }),
    onSegment({ head, bytes }) {
      opened.segments.push(segmentEntry(head, firstGroupAt, bytes));
      tell(opened, 'segments');
      prepare(opened);
      repeatPositions(opened);
    },
    onDurable: (group) => durable(opened, group),
    onFailure(error, lostRuns) {
      for (const run of lostRuns) opened.dedup.remove(run);
      if (opened.failure !== undefined || !opened.room.isLackOfSpace(error)) return fail(opened, error);
      queueMicrotask(() => reloadOrFail(opened));
      return new SpoolFull('disk: no space left', { cause: error });
    },
  });
}

function durable(
  { segments, index, log, content: texts, checkpoints, onDurable }: Opened,
  { at, number, before, atMs, end }: WrittenGroup,
): void {
  const open = segments.at(-1) as SegmentEntry;
  [open.end, open.through, open.nextGroup] = [end.at, end.totals, number + 1];
  index.note(open, { at, number, before, atMs }, end.at);
  if (!log.isThere()) throw new FileGone();
  texts.release(end);
  checkpoints.written(end);
  for (const listener of onDurable) listener();
}

function reloadOrFail(opened: Opened): void {
  try {
    reload(opened);
  } catch (error) {
    fail(opened, error);
  }
}

/** Each segment tells where the sinks stand, for when no checkpoint can be read and those before it are gone. */
function repeatPositions({ state, segmentBytes, positions }: Opened): void {
  const mostBytes = JSON.stringify([...state.positions]).length * 3;
  if (mostBytes > segmentBytes / 4) return;
  for (const sink of state.positions.keys()) positions.moved(sink);
  positions.write();
}

/** What could not be written is as if it had never been: the log is read again, and goes on behind what is durable. */
function reload(opened: Opened): void {
  const { directory, clock } = opened;
  const { positions } = opened.state;
  const former = opened.log.openFile();
  if (former !== undefined) endAt(former.file, opened.segments.at(-1)?.end ?? firstGroupAt);
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
