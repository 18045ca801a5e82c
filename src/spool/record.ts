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

type PointRow = [metric: string, timestamp: number, unit: TimeUnit, value: string, tags: Tags];
type RecordRow = [appendedAtMs: number, pointsBefore: number, bytesBefore: number, points: PointRow[]];

/**
 * The bytes of a record: the CRC-32 of what follows, big-endian, then JSON without names, for instance
 * `[1794994452345,14,1301,[["catchpoint.rtt.by_node.204417",1794994452,"s","164.0",{"nodeid":"312"}]]]`.
 */
export function encodeRecord({ appendedAtMs, before, points }: SpoolRecord): Buffer {
  const rows = points.map(({ metric, timestamp, unit, value, tags }): PointRow => [metric, timestamp, unit, value, tags]);
  const row: RecordRow = [appendedAtMs, before.points, before.bytes, rows];
  const json = JSON.stringify(row);
  const bytes = Buffer.allocUnsafe(checksumBytes + Buffer.byteLength(json));
  bytes.write(json, checksumBytes);
  bytes.writeUInt32BE(crc32(bytes.subarray(checksumBytes)));
  return bytes;
}

/** Whether the bytes are those that were written. */
export function isIntact(bytes: Buffer): boolean {
  return bytes.length > checksumBytes && bytes.readUInt32BE(0) === crc32(bytes.subarray(checksumBytes));
}

/** Reads a record back. Throws DamagedRecord when the checksum does not fit. */
export function decodeRecord(bytes: Buffer): SpoolRecord {
  if (!isIntact(bytes)) {
    throw new DamagedRecord(`record of ${bytes.length} bytes: the checksum does not fit`);
  }
  const [appendedAtMs, pointsBefore, bytesBefore, rows] = JSON.parse(bytes.toString('utf8', checksumBytes)) as RecordRow;
  const points = rows.map(([metric, timestamp, unit, value, tags]) => ({ metric, timestamp, unit, value, tags }));
  return { appendedAtMs, before: { points: pointsBefore, bytes: bytesBefore }, points };
}
