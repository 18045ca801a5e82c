// The format of the legacy store, version 3: the spool of an earlier version, in lmdb.
//
//   meta            "format" → 3; "generation" → the newest generation of run keys;
//                   "lost-…", "skipped-[sink]", "restored [store]", "damaged [record]" → counts
//   records         sequence number → RecordRow
//   positions       sink → LegacyPosition
//   retries         [sink, sequence number] → RetryRow, with PointRows
//   runs-0 … -3     second and hash of a run's key → digest; one generation an hour
//   parked          [waits for, sequence number] → ParkedRow
//   dead-letters    digest → LetterRow
//   malformed       digest → LetterRow, a sample
//
// Every value but a run's digest begins with a checksum (`verifiedText`). Records and retries are compressed.

import { crc32 } from 'node:zlib';
import type { Annotation, DataPoint, Tags, TimeUnit } from '../../../model/point.ts';

export const legacyFormat = 3;

const none = { hasChecksum: false, checksumCoversKey: false, isCompressed: false };
const ofValue = { hasChecksum: true, checksumCoversKey: false, isCompressed: false };
const ofKeyAndValue = { hasChecksum: true, checksumCoversKey: true, isCompressed: false };

/** The databases and the encoding of their values, in the order in which they are read. */
export const legacyDatabases = {
  positions: ofKeyAndValue,
  meta: ofValue,
  'runs-0': none,
  'runs-1': none,
  'runs-2': none,
  'runs-3': none,
  retries: { ...ofKeyAndValue, isCompressed: true },
  parked: ofValue,
  'dead-letters': ofValue,
  malformed: ofValue,
  records: { ...ofKeyAndValue, isCompressed: true },
};

export type LegacyDatabaseName = keyof typeof legacyDatabases;
export type LegacyKey = number | string | readonly [name: string, sequence: number];

/** The last record's number, and the points and bytes ever appended. */
export interface LegacyHead {
  readonly sequence: number;
  readonly points: number;
  /** Each record counts `recordOverheadBytes` more than its value. */
  readonly bytes: number;
}

export const recordOverheadBytes = 120;

/** The position of a sink. */
export interface LegacyPosition {
  /** Every record up to this one is finished. */
  readonly through: number;
  /** Ranges finished above `through`, in order and apart from one another; both ends included. */
  readonly finished: readonly (readonly [from: number, through: number])[];
  /** Points and bytes ever finished. */
  readonly points: number;
  readonly bytes: number;
  /** The head when the sink was removed from the configuration. Later records are not held for it. */
  readonly gone?: {
    readonly sinceMs: number;
    readonly through: number;
    readonly points: number;
    readonly bytes: number;
  };
}

/** A dead letter, or a sample of a malformed body. */
export interface LetterRow {
  readonly kind: string;
  readonly reason: string;
  readonly raw: string;
  /** Set if `raw` is binary. */
  readonly encoding?: 'base64';
  /** The sink that rejected the point. */
  readonly sink?: string;
  /** The last sender of a malformed body. */
  readonly from?: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly times: number;
}

/** A measurement that waits for its node. */
export interface ParkedRow {
  readonly parkedAtMs: number;
  readonly payload: string;
}

/** Points that a sink kept for a later write. */
export interface RetryRow {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
  readonly points: readonly DataPoint[];
}

export type PointRow = [
  metric: string,
  timestamp: number,
  unit: TimeUnit,
  value: string,
  tags: Tags,
  annotation?: Annotation,
  only?: 'annotation',
];

export type RecordRow = [appendedAtMs: number, pointsBefore: number, bytesBefore: number, points: PointRow[]];

export function pointOf([metric, timestamp, unit, value, tags, annotation, only]: PointRow): DataPoint {
  return {
    metric,
    timestamp,
    unit,
    value,
    tags,
    ...(annotation !== undefined && { annotation }),
    ...(only !== undefined && { only }),
  };
}

const checksumBytes = 4;

/**
 * Returns the text behind the checksum, or undefined if the checksum does not match: the CRC-32 of key and text,
 * big-endian. This detects a value that lmdb returns under another key or has not decompressed.
 *
 * @param key - '' if the checksum covers the text alone
 */
export function verifiedText(bytes: Buffer, key: LegacyKey): string | undefined {
  // lmdb returns a view of more memory. Without an explicit end, newer Node versions read past `length`.
  const text = bytes.subarray(checksumBytes, bytes.length);
  const isIntact = bytes.length > checksumBytes && bytes.readUInt32BE(0) === crc32(text, crc32(String(key)));
  return isIntact ? bytes.toString('utf8', checksumBytes, bytes.length) : undefined;
}

const dictionaryWords = [
  '"nodeid":"1","error":"transaction","timeout","system_limit","connection"',
  '"North_America","South_America","Europe","Africa","Oceania","United_States","United_Kingdom","Germany"',
  'catchpoint.content_error.by_node.catchpoint.ping.loss_pct.by_catchpoint.traceroute.hops.by_catchpoint.score.',
  'catchpoint.byte.response.content.by_catchpoint.counter.hosts.by_catchpoint.timing.document_complete.by_catchpoint.timing.dns.by_',
];

const dictionaryPoints = ['node', 'asn', 'continent', 'city', 'country', 'region', 'isp'].flatMap((slice) => {
  const tag = slice === 'node' ? '' : `,"${slice}":"${slice === 'continent' ? 'Asia' : '1'}"`;
  return [
    `["catchpoint.rtt.by_${slice}.204417",1794994452,"s","164.0",{"nodeid":"312"${tag}}]`,
    `["catchpoint.status.by_${slice}.204417",1794994452,"s","1.0",{"nodeid":"312"${tag},"status":"ok"}]`,
  ];
});

/** The compression dictionary: common words and a typical record. No byte of it may change. */
export function recordDictionary(): Buffer {
  const errorPoint = '["catchpoint.error.by_node.204417",1794994452,"s","1.0",{"nodeid":"312","error":"50010"}]';
  const record = `[1794994452345,14,1301,[${[...dictionaryPoints, errorPoint].join(',')}]]`;
  const text = `${dictionaryWords.join('')}${record}`;
  // lmdb requires a multiple of eight bytes.
  return Buffer.from(text.padStart(Math.ceil(text.length / 8) * 8));
}
