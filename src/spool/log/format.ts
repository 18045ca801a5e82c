// The bytes of a segment: its header, the head of a group, and the head of a frame. README.md in this folder shows them byte by byte.
//
// Numbers are little-endian. Those that may pass 2^32 are IEEE doubles, exact up to 2^53.

import { crc32 } from 'node:zlib';

export const segmentHeadBytes = 128;
/** The head stands twice, in sectors of their own, since without its salt nothing of a segment can be read. */
export const segmentHeadPlaces = [0, 512] as const;
/** Where the first group begins. */
export const firstGroupAt = 1024;
export const groupHeadBytes = 64;
export const frameHeadBytes = 32;
/** Zeros behind the last group: what stands there otherwise is the former life of the segment. */
export const terminatorBytes = 16;

const segmentMagic = Buffer.from('cpspool4');
const groupMagic = 0x3150_5247;
/** After the three of lmdb. */
export const formatVersion = 4;

/** `points`: a delivery. `change`: JSON of a Change. `both`: the length of the points' text, the text, and a Change. */
export const frameKinds = { points: 1, change: 2, both: 3 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

/** How much had been appended, ever, before something. `records` are frames with points; `bytes` are theirs. */
export interface Totals {
  readonly records: number;
  readonly points: number;
  readonly bytes: number;
}

export interface SegmentHead {
  /** Counts the segments, from 1. */
  readonly number: number;
  /** Random; part of the seed of every checksum, so that nothing of the file's former life is taken for a group of this one. */
  readonly salt: Buffer;
  readonly firstGroup: number;
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly createdAtMs: number;
}

export interface GroupHead {
  /** Counts the groups, from 1. */
  readonly number: number;
  /** Of its frames, together. */
  readonly length: number;
  readonly frames: number;
  readonly records: number;
  readonly points: number;
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly atMs: number;
}

/** The 96 bits by which a run is known: 64 of its key's hash, 32 of its contents'. `hi` is never 0 where there is a run. */
export interface StoredRunKey {
  readonly lo: number;
  readonly hi: number;
  readonly digest: number;
}

export const saltBytes = 8;

/** The seed of the checksums of a segment's groups. */
export function segmentSeed({ number, salt }: Pick<SegmentHead, 'number' | 'salt'>): number {
  return crc32(salt, seedOf(number, 0));
}

/** The seed of the checksums of a group's frames. */
export function groupSeed(number: number, seed: number): number {
  return seedOf(number, seed);
}

const scratch = Buffer.alloc(8);

function seedOf(number: number, seed: number): number {
  scratch.writeDoubleLE(number, 0);
  return crc32(scratch, seed);
}

/** All that stands before the first group, and the terminator in its place. */
export function encodeSegmentHead({ number, salt, firstGroup, before, createdAtMs }: SegmentHead): Buffer {
  const bytes = Buffer.alloc(segmentHeadBytes);
  segmentMagic.copy(bytes, 0);
  bytes.writeUInt32LE(formatVersion, 12);
  bytes.writeDoubleLE(number, 16);
  salt.copy(bytes, 24);
  bytes.writeDoubleLE(firstGroup, 32);
  writeTotals(bytes, 40, before);
  bytes.writeDoubleLE(createdAtMs, 64);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  const start = Buffer.alloc(firstGroupAt + terminatorBytes);
  for (const place of segmentHeadPlaces) bytes.copy(start, place);
  return start;
}

/** Undefined when these are not the bytes of one. `version` alone when a later program wrote it. */
export function decodeSegmentHead(bytes: Buffer): SegmentHead | { readonly version: number } | undefined {
  if (bytes.length < segmentHeadBytes || !bytes.subarray(0, 8).equals(segmentMagic)) return undefined;
  if (crc32(bytes.subarray(12, segmentHeadBytes)) !== bytes.readUInt32LE(8)) return undefined;
  const version = bytes.readUInt32LE(12);
  if (version !== formatVersion) return { version };
  return {
    number: bytes.readDoubleLE(16),
    salt: Buffer.from(bytes.subarray(24, 24 + saltBytes)),
    firstGroup: bytes.readDoubleLE(32),
    before: readTotals(bytes, 40),
    createdAtMs: bytes.readDoubleLE(64),
  };
}

/** Writes the head of a group at `at`. */
export function writeGroupHead(bytes: Buffer, at: number, head: GroupHead, seed: number): void {
  bytes.writeUInt32LE(groupMagic, at);
  bytes.writeDoubleLE(head.number, at + 8);
  bytes.writeUInt32LE(head.length, at + 16);
  bytes.writeUInt32LE(head.frames, at + 20);
  bytes.writeUInt32LE(head.records, at + 24);
  bytes.writeUInt32LE(head.points, at + 28);
  writeTotals(bytes, at + 32, head.before);
  bytes.writeDoubleLE(head.atMs, at + 56);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, at + groupHeadBytes), seed), at + 4);
}

/** Undefined when no head of this segment stands there. */
export function readGroupHead(bytes: Buffer, at: number, seed: number): GroupHead | undefined {
  if (at + groupHeadBytes > bytes.length || bytes.readUInt32LE(at) !== groupMagic) return undefined;
  if (crc32(bytes.subarray(at + 8, at + groupHeadBytes), seed) !== bytes.readUInt32LE(at + 4)) return undefined;
  return {
    number: bytes.readDoubleLE(at + 8),
    length: bytes.readUInt32LE(at + 16),
    frames: bytes.readUInt32LE(at + 20),
    records: bytes.readUInt32LE(at + 24),
    points: bytes.readUInt32LE(at + 28),
    before: readTotals(bytes, at + 32),
    atMs: bytes.readDoubleLE(at + 56),
  };
}

function writeTotals(bytes: Buffer, at: number, { records, points, bytes: own }: Totals): void {
  bytes.writeDoubleLE(records, at);
  bytes.writeDoubleLE(points, at + 8);
  bytes.writeDoubleLE(own, at + 16);
}

function readTotals(bytes: Buffer, at: number): Totals {
  return { records: bytes.readDoubleLE(at), points: bytes.readDoubleLE(at + 8), bytes: bytes.readDoubleLE(at + 16) };
}

/** What a frame's head says beside its length and checksum. */
export interface FrameHead {
  readonly kind: FrameKind;
  /** Which of the group's records it is, from 0; of a frame without points it means nothing. */
  readonly record: number;
  readonly points: number;
  /** All of it 0: no run. */
  readonly run: StoredRunKey;
}

/** Writes the head of a frame but for its checksum, which `sealFrames` adds when the group's number is known. */
export function writeFrameHead(
  bytes: Buffer,
  at: number,
  length: number,
  { kind, record, points, run }: FrameHead,
): void {
  bytes.writeUInt32LE(length, at);
  bytes.writeUInt32LE(kind, at + 8);
  bytes.writeUInt32LE(record, at + 12);
  bytes.writeUInt32LE(points, at + 16);
  bytes.writeUInt32LE(run.lo, at + 20);
  bytes.writeUInt32LE(run.hi, at + 24);
  bytes.writeUInt32LE(run.digest, at + 28);
}

/** Writes the checksums of the frames from `from` to `to`. */
export function sealFrames(bytes: Buffer, from: number, to: number, seed: number): void {
  for (let at = from; at < to;) {
    const end = at + frameHeadBytes + bytes.readUInt32LE(at);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, end), (seed ^ bytes.readUInt32LE(at)) >>> 0), at + 4);
    at = end;
  }
}

/** How long the payload of the frame at `at` is, which ends before `to`; undefined when there is no whole frame with a checksum that fits. */
export function intactFrame(bytes: Buffer, at: number, to: number, seed: number): number | undefined {
  if (at + frameHeadBytes > to) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = at + frameHeadBytes + length;
  const kind = bytes.readUInt32LE(at + 8);
  if (end > to || kind < 1 || kind > frameKinds.both) return undefined;
  if (crc32(bytes.subarray(at + 8, end), (seed ^ length) >>> 0) !== bytes.readUInt32LE(at + 4)) return undefined;
  return length;
}

export function readFrameHead(bytes: Buffer, at: number): FrameHead {
  return {
    kind: bytes.readUInt32LE(at + 8) as FrameKind,
    record: bytes.readUInt32LE(at + 12),
    points: bytes.readUInt32LE(at + 16),
    run: { lo: bytes.readUInt32LE(at + 20), hi: bytes.readUInt32LE(at + 24), digest: bytes.readUInt32LE(at + 28) },
  };
}
