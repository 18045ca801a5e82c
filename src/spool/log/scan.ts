// Reads a segment group by group. Damage costs the frame that was hit: behind it the next frame whose checksum fits is looked for, and
// behind a head that cannot be read the next head.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  type FrameHead,
  frameHeadBytes,
  groupHeadBytes,
  type FrameKind,
  type GroupHead,
  groupSeed,
  intactFrame,
  readFrameHead,
  readGroupHead,
  type StoredRunKey,
  terminatorBytes,
  type Totals,
} from './format.ts';

/** A file of which a part is held in memory. */
export interface SegmentBytes {
  /** So many bytes at `at`, or those that there are before `limit`; a view that lasts until the next call. */
  read(at: number, length: number, limit: number): Buffer;
  size(): number;
  close(): void;
}

const usualWindowBytes = 262_144;

/**
 * Opens a file for reading.
 *
 * @param windowBytes - how much is read at once
 */
export function segmentBytes(path: string, windowBytes = usualWindowBytes): SegmentBytes {
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

/** A frame whose checksum fits. Its contents last until the next group is read. */
export interface Frame extends Pick<FrameHead, 'kind' | 'record' | 'points'> {
  /** Where it begins in the file. */
  readonly at: number;
  /** How long its payload is. */
  readonly payloadBytes: number;
  readonly run: StoredRunKey;
  readonly payload: Buffer;
  /** All of its payload as UTF-8. */
  text(): string;
}

/** What few readers want of a frame is made when it is asked for: thousands are read in a second. */
class FrameInView implements Frame {
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
    return readFrameHead(this.view, this.start).run;
  }

  get payload(): Buffer {
    return this.view.subarray(this.start + frameHeadBytes, this.start + frameHeadBytes + this.payloadBytes);
  }

  text(): string {
    return this.view.toString('utf8', this.start + frameHeadBytes, this.start + frameHeadBytes + this.payloadBytes);
  }
}

/** Where a group is expected, and what has to stand in its head. */
export interface GroupPlace {
  readonly at: number;
  readonly number: number;
  readonly before: Totals;
}

export interface ScannedGroup {
  /** As it stands there, or as far as its surroundings tell when it cannot be read. */
  readonly head: GroupHead;
  readonly frames: readonly Frame[];
  /** What cannot be read of it. */
  readonly lost: { readonly frames: number; readonly records: number; readonly points: number } | undefined;
  /** Whether it reaches beyond the limit. */
  readonly isCut: boolean;
  /** Where the next one is expected. */
  readonly next: GroupPlace;
}

export interface ScanOptions {
  readonly bytes: SegmentBytes;
  /** Of the segment, for the checksums. */
  readonly seed: number;
  /** Nothing is read behind it. */
  readonly limit: number;
  /** What had been appended, ever, at the limit; for a last group whose head cannot be read. */
  readonly atLimit?: Totals | undefined;
  /** The number of the group behind the limit, where that is known. */
  readonly groupAtLimit?: number | undefined;
}

/** The place behind a group. */
function placeBehind(
  at: number,
  { number, length, records, points, before }: GroupHead,
  recordBytes: number,
): GroupPlace {
  const totals = {
    records: before.records + records,
    points: before.points + points,
    bytes: before.bytes + recordBytes,
  };
  return { at: at + groupHeadBytes + length, number: number + 1, before: totals };
}

/** Whether nothing was written behind the last group. */
export function isEnd({ bytes, limit }: Pick<ScanOptions, 'bytes' | 'limit'>, at: number): boolean {
  return bytes.read(at, terminatorBytes, limit).every((byte) => byte === 0);
}

/** The group at a place; undefined at the limit, and where neither it nor one behind it has a head that can be read. */
export function readGroup(options: ScanOptions, place: GroupPlace): ScannedGroup | undefined {
  const { bytes, seed, limit } = options;
  if (place.at >= limit) return undefined;
  const head = readGroupHead(bytes.read(place.at, groupHeadBytes, limit), 0, seed);
  if (head === undefined || head.number < place.number) return readHeadless(options, place);
  const from = place.at + groupHeadBytes;
  const isCut = from + head.length > limit;
  const frames = readFrames(options, from, Math.min(from + head.length, limit), [head.number]);
  let [records, points, recordBytes] = [0, 0, 0];
  for (const frame of frames) {
    if (frame.points === 0) continue;
    records += 1;
    points += frame.points;
    recordBytes += frameHeadBytes + frame.payloadBytes;
  }
  const lost =
    frames.length >= head.frames
      ? undefined
      : { frames: head.frames - frames.length, records: head.records - records, points: head.points - points };
  return { head, frames, lost, isCut, next: placeBehind(place.at, head, recordBytes) };
}

/** Groups of which no more than the first can be told: they begin at the place, and end where the next head stands. */
function readHeadless(options: ScanOptions, place: GroupPlace): ScannedGroup | undefined {
  const found = nextHead(options, place);
  if (found === undefined && options.atLimit === undefined) return undefined;
  const end = found?.at ?? options.limit;
  const through = found?.before ?? (options.atLimit as Totals);
  const last = Math.max(place.number, (found?.number ?? options.groupAtLimit ?? 0) - 1);
  const numbers = Array.from(
    { length: Math.min(last - place.number, mostNumbersTried) + 1 },
    (_, more) => place.number + more,
  );
  const frames = readFrames(options, place.at + groupHeadBytes, end, numbers);
  const records = frames.filter(({ points }) => points > 0);
  const gone = { records: through.records - place.before.records, points: through.points - place.before.points };
  const lost = {
    frames: Math.max(1, gone.records - records.length),
    records: Math.max(0, gone.records - records.length),
    points: Math.max(0, gone.points - records.reduce((sum, { points }) => sum + points, 0)),
  };
  const head: GroupHead = {
    number: place.number,
    length: end - place.at - groupHeadBytes,
    frames: frames.length,
    ...gone,
    before: place.before,
    atMs: 0,
  };
  const next = found ?? { at: end, number: last + 1, before: through };
  return { head, frames, lost, isCut: false, next };
}

const mostNumbersTried = 8;
const searchBytes = 1 << 20;
const magic = Buffer.from('GRP1');

/** The next head behind a place that can be read, of a group that is behind it as well. */
export function nextHead({ bytes, seed, limit }: ScanOptions, place: GroupPlace): GroupPlace | undefined {
  for (let from = place.at + 1; from < limit; from += searchBytes) {
    const part = Buffer.from(bytes.read(from, searchBytes + groupHeadBytes, limit));
    for (let at = part.indexOf(magic); at !== -1; at = part.indexOf(magic, at + 1)) {
      const head = readGroupHead(part, at, seed);
      if (head !== undefined && head.number > place.number)
        return { at: from + at, number: head.number, before: head.before };
    }
  }
  return undefined;
}

function readFrames(
  { bytes, seed, limit }: ScanOptions,
  from: number,
  to: number,
  numbers: readonly number[],
): Frame[] {
  const view = bytes.read(from, Math.max(0, to - from), limit);
  const seeds = numbers.map((number) => groupSeed(number, seed));
  const frames: Frame[] = [];
  let own = seeds[0] as number;
  for (let at = 0; at + frameHeadBytes <= view.length;) {
    let length = intactFrame(view, at, view.length, own);
    for (let other = 1; length === undefined && other < seeds.length; other += 1) {
      length = intactFrame(view, at, view.length, seeds[other] as number);
      if (length !== undefined) own = seeds[other] as number;
    }
    if (length === undefined) {
      at += 1;
      continue;
    }
    frames.push(new FrameInView(from + at, length, view, at));
    at += frameHeadBytes + length;
  }
  return frames;
}
