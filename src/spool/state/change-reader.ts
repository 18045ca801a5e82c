// Reads changes back from the log. The state holds only the location of letters, parked measurements and retries.

import { frameHeaderBytes, groupSeed, intactFrame, readFrameHeader } from '../log/format.ts';
import { type GroupTable, lastGroupWhere } from '../log/group-table.ts';
import { changeText } from '../log/payload.ts';
import { openSegmentFile, type SegmentFile } from '../log/scan.ts';
import { segmentPath } from '../log/segment-files.ts';
import type { Location } from '../log/segment-log.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import type { Change } from './change.ts';

/** Entries of one frame are usually read in succession. */
const maxCached = 8;

export class ChangeReader {
  private readonly directory: string;
  private readonly segments: () => readonly SegmentEntry[];
  private readonly groups: GroupTable;
  private readonly cache = new Map<string, Change>();
  private readonly pending = new Map<string, { readonly place: Location; readonly change: Change }>();
  private open: { readonly number: number; readonly file: SegmentFile } | undefined;

  constructor(directory: string, segments: () => readonly SegmentEntry[], groups: GroupTable) {
    this.directory = directory;
    this.segments = segments;
    this.groups = groups;
  }

  /** Returns undefined if the frame is unreadable. Works before the frame is durable. */
  read(place: Location): Change | undefined {
    const key = keyOf(place);
    const change = this.pending.get(key)?.change ?? this.cache.get(key) ?? this.load(place);
    this.cache.delete(key);
    if (change !== undefined) this.cache.set(key, change);
    for (const oldest of this.cache.keys()) if (this.cache.size > maxCached) this.cache.delete(oldest);
    return change;
  }

  /** Keeps a change in memory until its frame is durable. */
  hold(place: Location, change: Change): void {
    this.pending.set(keyOf(place), { place, change });
  }

  /** Releases the changes before the durable end. */
  release(end: Location): void {
    for (const [key, { place }] of this.pending) {
      if (place.segment > end.segment || (place.segment === end.segment && place.at >= end.at)) break;
      this.pending.delete(key);
    }
  }

  /** Discards all changes in memory: after a failed group other frames take these locations. */
  discard(): void {
    this.pending.clear();
    this.cache.clear();
  }

  close(): void {
    this.open?.file.close();
    this.open = undefined;
    this.cache.clear();
  }

  private load({ segment: number, at }: Location): Change | undefined {
    const segment = this.segments().find((one) => one.number === number);
    if (segment === undefined || at >= segment.end) return undefined;
    const groups = this.groups.of(segment);
    const found = lastGroupWhere(groups, (group) => group.at < at);
    const group = groups[found];
    if (group === undefined) return undefined;
    // The table has several groups as one entry if their headers are damaged.
    const after = groups[found + 1]?.number ?? segment.nextGroup;
    const numbers = Array.from({ length: Math.max(1, after - group.number) }, (_, more) => group.number + more);
    const seeds = numbers.map((each) => groupSeed(each, segment.seed));
    try {
      if (this.open?.number !== number) {
        this.open?.file.close();
        this.open = undefined;
        this.open = { number, file: openSegmentFile(segmentPath(this.directory, number)) };
      }
      return readChange(this.open.file, at, segment.end, seeds);
    } catch {
      return undefined;
    }
  }
}

function keyOf({ segment, at }: Location): string {
  return `${segment} ${at}`;
}

function readChange(file: SegmentFile, at: number, end: number, seeds: readonly number[]): Change | undefined {
  const length = file.read(at, frameHeaderBytes, end).readUInt32LE(0);
  if (at + frameHeaderBytes + length > end) return undefined;
  const frame = file.read(at, frameHeaderBytes + length, end);
  if (seeds.every((seed) => intactFrame(frame, 0, frame.length, seed) === undefined)) return undefined;
  const text = changeText({ kind: readFrameHeader(frame, 0).kind, payload: frame.subarray(frameHeaderBytes) });
  return text === undefined ? undefined : (JSON.parse(text) as Change);
}
