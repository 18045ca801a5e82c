// A spool record: the points of one delivery, as bytes with a checksum.

import { crc32 } from 'node:zlib';
import type { Annotation, DataPoint, Tags, TimeUnit } from '../point.ts';

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

/** Points without an annotation have no sixth member, and those of which more than it is to be written no seventh. */
export type PointRow = [metric: string, timestamp: number, unit: TimeUnit, value: string, tags: Tags, annotation?: Annotation, only?: 'annotation'];
export type RecordRow = [appendedAtMs: number, pointsBefore: number, bytesBefore: number, points: PointRow[]];

/** What a sealed text is stored under: bytes that come out under another key are not what was put there. */
export type SealKey = number | string | readonly [name: string, sequence: number];

/** Text as bytes: the CRC-32 of the key and the text, big-endian, then the text. */
export function sealed(text: string, key: SealKey = ''): Buffer {
  const bytes = Buffer.allocUnsafe(checksumBytes + Buffer.byteLength(text));
  bytes.write(text, checksumBytes);
  bytes.writeUInt32BE(checksumOf(bytes, key));
  return bytes;
}

/** Whether the bytes are those that were sealed under this key. */
export function isIntact(bytes: Buffer, key: SealKey = ''): boolean {
  return bytes.length > checksumBytes && bytes.readUInt32BE(0) === checksumOf(bytes, key);
}

/** Reads sealed text back. Throws DamagedRecord when the checksum does not fit. */
export function unsealed(bytes: Buffer, key: SealKey = ''): string {
  if (!isIntact(bytes, key)) throw new DamagedRecord(`record ${String(key)} of ${bytes.length} bytes: the checksum does not fit`);
  return bytes.toString('utf8', checksumBytes, bytes.length);
}

/** Of an entry's `length`, to its end: what lmdb hands to a decoder is a view of more, which newer Nodes show to whoever names no end. */
function checksumOf(bytes: Buffer, key: SealKey): number {
  return crc32(bytes.subarray(checksumBytes, bytes.length), crc32(String(key)));
}

/** JSON that is sealed, whatever its key: an encoder for a database of the store; damage is told before it is thrown. */
export function sealedJson(onDamage: (error: DamagedRecord) => void): { encode(value: unknown): Buffer; decode(bytes: Buffer): unknown } {
  return {
    encode: (value) => sealed(JSON.stringify(value)),
    decode(bytes) {
      if (isIntact(bytes)) return JSON.parse(unsealed(bytes));
      const error = new DamagedRecord(`an entry of ${bytes.length} bytes: the checksum does not fit`);
      onDamage(error);
      throw error;
    },
  };
}

/**
 * The bytes of a record: sealed JSON without names, for instance
 * `[1794994452345,14,1301,[["catchpoint.rtt.by_node.204417",1794994452,"s","164.0",{"nodeid":"312"}]]]`.
 */
export function encodeRecord(sequence: number, { appendedAtMs, before, points }: SpoolRecord): Buffer {
  const row: RecordRow = [appendedAtMs, before.points, before.bytes, points.map(rowOf)];
  return sealed(JSON.stringify(row), sequence);
}

/** Reads a record back. Throws DamagedRecord. */
export function decodeRecord(sequence: number, bytes: Buffer): SpoolRecord {
  return recordOf(unsealed(bytes, sequence));
}

/** Reads back what was sealed. */
export function recordOf(text: string): SpoolRecord {
  const [appendedAtMs, pointsBefore, bytesBefore, rows] = JSON.parse(text) as RecordRow;
  return { appendedAtMs, before: { points: pointsBefore, bytes: bytesBefore }, points: rows.map(pointOf) };
}

/** A point without the names of its members. */
export function rowOf({ metric, timestamp, unit, value, tags, annotation, only }: DataPoint): PointRow {
  if (annotation === undefined) return [metric, timestamp, unit, value, tags];
  return only === undefined ? [metric, timestamp, unit, value, tags, annotation] : [metric, timestamp, unit, value, tags, annotation, only];
}

export function pointOf([metric, timestamp, unit, value, tags, annotation, only]: PointRow): DataPoint {
  return { metric, timestamp, unit, value, tags, ...(annotation !== undefined && { annotation }), ...(only !== undefined && { only }) };
}
