// Reads a segment group by group. A damaged frame is skipped by searching for the next valid frame, a damaged group
// header by searching for the next valid header.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  frameHeaderBytes,
  type FrameKind,
  groupHeaderBytes,
  type GroupHeader,
  groupSeed,
  intactFrame,
  readFrameHeader,
  readGroupHeader,
  type StoredRunKey,
  terminatorBytes,
  type Totals,
} from './format.ts';
import type { SegmentEntry } from './segment-table.ts';

export interface SegmentFile {
  /** Returns up to `length` bytes before `limit`, as a view that is valid until the next call. */
  read(at: number, length: number, limit: number): Buffer;
  size(): number;
  close(): void;
}

const defaultWindowBytes = 262_144;

/** Opens a segment for buffered reads of `windowBytes`. */
export function openSegmentFile(path: string, windowBytes = defaultWindowBytes): SegmentFile {
  const file = openSync(path, 'r');
  let window = Buffer.alloc(0);
  let [from, to] = [0, 0];
  return {
    read(at, length, limit) {
      const end = Math.min(at + length, limit);
      if (at < from || end > to) {
        const wanted = Math.max(0, Math.min(Math.max(length, windowBytes), limit - at));
        if (window.length < wanted) window = Buffer.allocUnsafeSlow(wanted);
        [from, to] = [at, at + (wanted === 0 ? 0 : readSync(file, window, 0, wanted, at))];
      }
      return window.subarray(at - from, Math.max(at, Math.min(end, to)) - from);
    },
    size: () => fstatSync(file).size,
    close: () => closeSync(file),
  };
}

/** A frame with a valid checksum, valid until the next group is read. Rarely used parts are decoded on demand. */
export class Frame {
  /** Offset in the file. */
  readonly at: number;
  readonly payloadBytes: number;
  readonly kind: FrameKind;
  readonly record: number;
  readonly points: number;
  private readonly view: Buffer;
  private readonly start: number;

  constructor(at: number, payloadBytes: number, view: Buffer, start: number) {
    this.at = at;
    this.payloadBytes = payloadBytes;
    this.view = view;
    this.start = start;
    this.kind = view.readUInt32LE(start + 8) as FrameKind;
    this.record = view.readUInt32LE(start + 12);
    this.points = view.readUInt32LE(start + 16);
  }

  get run(): StoredRunKey {
    return readFrameHeader(this.view, this.start).run;
  }

  get payload(): Buffer {
    return this.view.subarray(this.start + frameHeaderBytes, this.start + frameHeaderBytes + this.payloadBytes);
  }

  text(): string {
    return this.view.toString('utf8', this.start + frameHeaderBytes, this.start + frameHeaderBytes + this.payloadBytes);
  }
}

/** The expected start of a group: offset, number and totals. */
export interface GroupStart {
  readonly at: number;
  readonly number: number;
  readonly before: Totals;
}

export interface ScannedGroup {
  /** Reconstructed from its neighbours if the header on disk is damaged. */
  readonly header: GroupHeader;
  readonly frames: readonly Frame[];
  /** Counts of what cannot be read. */
  readonly lost: { readonly frames: number; readonly records: number; readonly points: number } | undefined;
  /** True if it extends past the limit. */
  readonly isTruncated: boolean;
  readonly next: GroupStart;
}

export interface ScanOptions {
  readonly file: SegmentFile;
  /** The segment's seed. */
  readonly seed: number;
  /** Offset at which the scan ends. */
  readonly limit: number;
  /** Totals at the limit, if known. Needed for a last group with a damaged header. */
  readonly totalsAtLimit?: Totals | undefined;
  /** Number of the group at the limit, if known. */
  readonly groupAtLimit?: number | undefined;
}

/** Scans the durable part of a segment. */
export function durableScan(file: SegmentFile, { seed, end, through, nextGroup }: SegmentEntry): ScanOptions {
  return { file, seed, limit: end, totalsAtLimit: through, groupAtLimit: nextGroup };
}

/** Reports whether a terminator is at the offset: nothing was written after the last group. */
export function isEndOfLog({ file, limit }: Pick<ScanOptions, 'file' | 'limit'>, at: number): boolean {
  return file.read(at, terminatorBytes, limit).every((byte) => byte === 0);
}

/** Reads the group at `place`. Returns undefined at the limit, and if no group from there on has a valid header. */
export function readGroup(options: ScanOptions, place: GroupStart): ScannedGroup | undefined {
  const { file, seed, limit } = options;
  if (place.at >= limit) return undefined;
  const header = readGroupHeader(file.read(place.at, groupHeaderBytes, limit), 0, seed);
  if (header === undefined || header.number < place.number) return readHeaderless(options, place);
  const from = place.at + groupHeaderBytes;
  const end = from + header.length;
  const frames = readFrames(options, from, Math.min(end, limit), [header.number]);
  let [records, points, recordBytes] = [0, 0, 0];
  for (const frame of frames) {
    if (frame.points === 0) continue;
    records += 1;
    points += frame.points;
    recordBytes += frameHeaderBytes + frame.payloadBytes;
  }
  const lost =
    frames.length >= header.frames
      ? undefined
      : { frames: header.frames - frames.length, records: header.records - records, points: header.points - points };
  const { number, before } = header;
  const totals = {
    records: before.records + header.records,
    points: before.points + header.points,
    bytes: before.bytes + recordBytes,
  };
  return { header, frames, lost, isTruncated: end > limit, next: { at: end, number: number + 1, before: totals } };
}

/** Reads one or more groups with damaged headers as one, up to the next valid header. */
function readHeaderless(options: ScanOptions, place: GroupStart): ScannedGroup | undefined {
  const found = findNextGroup(options, place);
  const through = found?.before ?? options.totalsAtLimit;
  if (through === undefined) return undefined;
  const end = found?.at ?? options.limit;
  const last = Math.max(place.number, (found?.number ?? options.groupAtLimit ?? 0) - 1);
  const numbers = Array.from(
    { length: Math.min(last - place.number, maxNumbersTried) + 1 },
    (_, more) => place.number + more,
  );
  const frames = readFrames(options, place.at + groupHeaderBytes, end, numbers);
  const records = frames.filter(({ points }) => points > 0);
  const expected = { records: through.records - place.before.records, points: through.points - place.before.points };
  const lost = {
    frames: Math.max(1, expected.records - records.length),
    records: Math.max(0, expected.records - records.length),
    points: Math.max(0, expected.points - records.reduce((sum, { points }) => sum + points, 0)),
  };
  const header: GroupHeader = {
    number: place.number,
    length: end - place.at - groupHeaderBytes,
    frames: frames.length,
    ...expected,
    before: place.before,
    atMs: 0,
  };
  const next = found ?? { at: end, number: last + 1, before: through };
  return { header, frames, lost, isTruncated: false, next };
}

const maxNumbersTried = 8;
const searchBytes = 1 << 20;
const magic = Buffer.from('GRP1');

/** Searches for the next valid header of a later group. */
export function findNextGroup({ file, seed, limit }: ScanOptions, place: GroupStart): GroupStart | undefined {
  for (let from = place.at + 1; from < limit; from += searchBytes) {
    const part = Buffer.from(file.read(from, searchBytes + groupHeaderBytes, limit));
    for (let at = part.indexOf(magic); at !== -1; at = part.indexOf(magic, at + 1)) {
      const header = readGroupHeader(part, at, seed);
      if (header !== undefined && header.number > place.number)
        return { at: from + at, number: header.number, before: header.before };
    }
  }
  return undefined;
}

/** Reads all valid frames between two offsets. `numbers` are the groups that they may belong to. */
function readFrames({ file, seed, limit }: ScanOptions, from: number, to: number, numbers: readonly number[]): Frame[] {
  const view = file.read(from, Math.max(0, to - from), limit);
  const seeds = numbers.map((number) => groupSeed(number, seed));
  const frames: Frame[] = [];
  let current = seeds[0] as number;
  for (let at = 0; at + frameHeaderBytes <= view.length;) {
    let length = intactFrame(view, at, view.length, current);
    for (let other = 1; length === undefined && other < seeds.length; other += 1) {
      length = intactFrame(view, at, view.length, seeds[other] as number);
      if (length !== undefined) current = seeds[other] as number;
    }
    if (length === undefined) {
      at += 1;
      continue;
    }
    frames.push(new Frame(from + at, length, view, at));
    at += frameHeaderBytes + length;
  }
  return frames;
}
