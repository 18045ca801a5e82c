// A spool record: the points of one delivery, as bytes with a checksum.

import { crc32 } from 'node:zlib';
import type { DataPoint, Tags, TimeUnit } from '../point.ts';

/** How much had been appended, ever, before a record: what a start needs to know how much is waiting. */
export interface Totals {
  readonly points: number;
  readonly bytes: number;
}

export interface SpoolRecord {
  /** ms since 1970 UTC */
  readonly appendedAtMs: number;
  readonly before: Totals;
  readonly points: readonly DataPoint[];
}

/** A record whose bytes are not those that were written. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}

const checksumBytes = 4;

export type PointRow = [metric: string, timestamp: number, unit: TimeUnit, value: string, tags: Tags];
type RecordRow = [appendedAtMs: number, pointsBefore: number, bytesBefore: number, points: PointRow[]];

/** Text as bytes: its CRC-32, big-endian, then the text. */
export function sealed(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(checksumBytes + Buffer.byteLength(text));
  bytes.write(text, checksumBytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(checksumBytes)));
  return bytes;
}

/** Whether the bytes are those that were sealed. */
export function isIntact(bytes: Buffer): boolean {
  return bytes.length > checksumBytes && bytes.readUInt32BE(0) === crc32(bytes.subarray(checksumBytes));
}

/** Reads sealed text back. Throws DamagedRecord when the checksum does not fit. */
export function unsealed(bytes: Buffer): string {
  if (!isIntact(bytes)) throw new DamagedRecord(`record of ${bytes.length} bytes: the checksum does not fit`);
  return bytes.toString('utf8', checksumBytes);
}

/**
 * The bytes of a record: sealed JSON without names, for instance
 * `[1794994452345,14,1301,[["catchpoint.rtt.by_node.204417",1794994452,"s","164.0",{"nodeid":"312"}]]]`.
 */
export function encodeRecord({ appendedAtMs, before, points }: SpoolRecord): Buffer {
  const row: RecordRow = [appendedAtMs, before.points, before.bytes, points.map(rowOf)];
  return sealed(JSON.stringify(row));
}

/** Reads a record back. Throws DamagedRecord. */
export function decodeRecord(bytes: Buffer): SpoolRecord {
  const [appendedAtMs, pointsBefore, bytesBefore, rows] = JSON.parse(unsealed(bytes)) as RecordRow;
  return { appendedAtMs, before: { points: pointsBefore, bytes: bytesBefore }, points: rows.map(pointOf) };
}

/** A point without the names of its members. */
export function rowOf({ metric, timestamp, unit, value, tags }: DataPoint): PointRow {
  return [metric, timestamp, unit, value, tags];
}

export function pointOf([metric, timestamp, unit, value, tags]: PointRow): DataPoint {
  return { metric, timestamp, unit, value, tags };
}
