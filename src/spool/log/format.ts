// Encodes and decodes the headers of segments, groups and frames. README.md in this folder describes them byte by byte.
//
// Integers are little-endian u32. Values that may pass 2^32 are IEEE doubles, exact up to 2^53.

import { crc32 } from 'node:zlib';

export const segmentHeaderBytes = 128;
/** Two copies in different sectors: a segment is unreadable without the salt in its header. */
export const segmentHeaderOffsets = [0, 512] as const;
/** Offset of the first group. */
export const firstGroupAt = 1024;
export const groupHeaderBytes = 64;
export const frameHeaderBytes = 32;
/** Zeros after the last group. They separate it from stale bytes of a recycled file. */
export const terminatorBytes = 16;

const segmentMagic = Buffer.from('cpspool4');
const groupMagic = 0x3150_5247;
/** Versions 1 to 3 are the lmdb stores. */
export const formatVersion = 4;

/** `points`: encoded points. `change`: JSON of a Change. `both`: length of the points, points, Change. */
export const frameKinds = { points: 1, change: 2, both: 3 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

/** Cumulative counts over the life of the log. A record is a frame with points; `bytes` are those of records. */
export interface Totals {
  readonly records: number;
  readonly points: number;
  readonly bytes: number;
}

export interface SegmentHeader {
  /** From 1, never reused. */
  readonly number: number;
  /** Random per use of the file. It seeds every checksum, so that stale groups of a recycled file do not verify. */
  readonly salt: Buffer;
  readonly firstGroup: number;
  /** Totals before the first group. */
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly createdAtMs: number;
}

export interface GroupHeader {
  /** From 1, over all segments. */
  readonly number: number;
  /** Bytes of its frames. */
  readonly length: number;
  readonly frames: number;
  readonly records: number;
  readonly points: number;
  readonly before: Totals;
  /** ms since 1970 UTC */
  readonly atMs: number;
}

/** Identifies a run: 64 bits of its key's hash and 32 of its contents' digest. `hi` is 0 only where there is no run. */
export interface StoredRunKey {
  readonly lo: number;
  readonly hi: number;
  readonly digest: number;
}

export const saltBytes = 8;

/** Seed for the checksums of a segment's group headers. */
export function segmentSeed({ number, salt }: Pick<SegmentHeader, 'number' | 'salt'>): number {
  return crc32(salt, seedOf(number, 0));
}

/** Seed for the checksums of a group's frames. */
export function groupSeed(number: number, seed: number): number {
  return seedOf(number, seed);
}

const scratch = Buffer.alloc(8);

function seedOf(number: number, seed: number): number {
  scratch.writeDoubleLE(number, 0);
  return crc32(scratch, seed);
}

/** Everything before the first group, and a terminator in the place of that group. */
export function encodeSegmentHeader({ number, salt, firstGroup, before, createdAtMs }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(bytes, 0);
  bytes.writeUInt32LE(formatVersion, 12);
  bytes.writeDoubleLE(number, 16);
  salt.copy(bytes, 24);
  bytes.writeDoubleLE(firstGroup, 32);
  writeTotals(bytes, 40, before);
  bytes.writeDoubleLE(createdAtMs, 64);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  const start = Buffer.alloc(firstGroupAt + terminatorBytes);
  for (const place of segmentHeaderOffsets) bytes.copy(start, place);
  return start;
}

/** Returns undefined if the bytes are not a valid header, and only the version if another version wrote it. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | { readonly version: number } | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(segmentMagic)) return undefined;
  if (crc32(bytes.subarray(12, segmentHeaderBytes)) !== bytes.readUInt32LE(8)) return undefined;
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

export function writeGroupHeader(bytes: Buffer, at: number, header: GroupHeader, seed: number): void {
  bytes.writeUInt32LE(groupMagic, at);
  bytes.writeDoubleLE(header.number, at + 8);
  bytes.writeUInt32LE(header.length, at + 16);
  bytes.writeUInt32LE(header.frames, at + 20);
  bytes.writeUInt32LE(header.records, at + 24);
  bytes.writeUInt32LE(header.points, at + 28);
  writeTotals(bytes, at + 32, header.before);
  bytes.writeDoubleLE(header.atMs, at + 56);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, at + groupHeaderBytes), seed), at + 4);
}

/** Returns undefined if there is no valid group header of this segment at `at`. */
export function readGroupHeader(bytes: Buffer, at: number, seed: number): GroupHeader | undefined {
  if (at + groupHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== groupMagic) return undefined;
  if (crc32(bytes.subarray(at + 8, at + groupHeaderBytes), seed) !== bytes.readUInt32LE(at + 4)) return undefined;
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

function writeTotals(bytes: Buffer, at: number, { records, points, bytes: recordBytes }: Totals): void {
  bytes.writeDoubleLE(records, at);
  bytes.writeDoubleLE(points, at + 8);
  bytes.writeDoubleLE(recordBytes, at + 16);
}

function readTotals(bytes: Buffer, at: number): Totals {
  return { records: bytes.readDoubleLE(at), points: bytes.readDoubleLE(at + 8), bytes: bytes.readDoubleLE(at + 16) };
}

/** A frame header without its length and checksum. */
export interface FrameHeader {
  readonly kind: FrameKind;
  /** Index among the group's records, from 0. Meaningless in a frame without points. */
  readonly record: number;
  readonly points: number;
  /** All zeros if there is no run. */
  readonly run: StoredRunKey;
}

/** Writes a frame header without its checksum, which `sealFrames` adds. */
export function writeFrameHeader(
  bytes: Buffer,
  at: number,
  length: number,
  { kind, record, points, run }: FrameHeader,
): void {
  bytes.writeUInt32LE(length, at);
  bytes.writeUInt32LE(kind, at + 8);
  bytes.writeUInt32LE(record, at + 12);
  bytes.writeUInt32LE(points, at + 16);
  bytes.writeUInt32LE(run.lo, at + 20);
  bytes.writeUInt32LE(run.hi, at + 24);
  bytes.writeUInt32LE(run.digest, at + 28);
}

/** Writes the checksums of all frames between two offsets. */
export function sealFrames(bytes: Buffer, from: number, to: number, seed: number): void {
  for (let at = from; at < to;) {
    const end = at + frameHeaderBytes + bytes.readUInt32LE(at);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, end), (seed ^ bytes.readUInt32LE(at)) >>> 0), at + 4);
    at = end;
  }
}

/** The payload length of the frame at `at`. Undefined if no frame with a valid checksum ends before `to`. */
export function intactFrame(bytes: Buffer, at: number, to: number, seed: number): number | undefined {
  if (at + frameHeaderBytes > to) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = at + frameHeaderBytes + length;
  const kind = bytes.readUInt32LE(at + 8);
  if (end > to || kind < 1 || kind > frameKinds.both) return undefined;
  if (crc32(bytes.subarray(at + 8, end), (seed ^ length) >>> 0) !== bytes.readUInt32LE(at + 4)) return undefined;
  return length;
}

export function readFrameHeader(bytes: Buffer, at: number): FrameHeader {
  return {
    kind: bytes.readUInt32LE(at + 8) as FrameKind,
    record: bytes.readUInt32LE(at + 12),
    points: bytes.readUInt32LE(at + 16),
    run: { lo: bytes.readUInt32LE(at + 20), hi: bytes.readUInt32LE(at + 24), digest: bytes.readUInt32LE(at + 28) },
  };
}
