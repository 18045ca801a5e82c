// Learns how many points fit into a request: OpenTSDB counts the bytes on the wire, and refuses too many of them.

import type { Clock } from '../../../runtime/clock.ts';

export interface BodySize {
  /** Bound on the bytes of the next compressed body. */
  maxBytes(): number;
  /** How many points a body of that size is likely to hold. */
  batchPoints(): number;
  /** A body of so many bytes and points was compressed. */
  compressed(bytes: number, points: number): void;
  /** A body of so many bytes was taken. */
  taken(bytes: number): void;
  /** A body of so many bytes was refused, for its size; or half of it was taken after the whole had met with silence. */
  refused(bytes: number, how: 'for its size' | 'by silence'): void;
}

/** Before anything is known: what the OpenTSDB documentation calls a good starting point, if it fits at 60 bytes a point. */
const firstPoints = 50;
const firstBytesPerPoint = 60;
/** Bound on a batch: the answer may name every point in it, and is read up to 1 MB only. */
const mostPoints = 1000;
const leastBytes = 256;
/** The part of the bound that a batch is meant to fill. */
const fill = 0.9;
/** After this time a size that was refused is dared again: the receiver may be another one now, the silence have had other causes. */
const forgetMs = { 'for its size': 600_000, 'by silence': 30_000 };

/** @param putMaxBytes - the bound when nothing was refused */
export function bodySize(putMaxBytes: number, clock: Clock): BodySize {
  let maxBytes = putMaxBytes;
  let ceilingBytes = putMaxBytes;
  let ceilingUntilMs = 0;
  let bytesPerPoint: number | undefined;

  function batchPoints(): number {
    if (bytesPerPoint === undefined) return atLeastOne(Math.min(firstPoints, (fill * maxBytes) / firstBytesPerPoint));
    return atLeastOne(Math.min(mostPoints, (fill * maxBytes) / bytesPerPoint));
  }

  return {
    maxBytes: () => maxBytes,
    batchPoints,
    /** Small bodies teach nothing: their points share less. A larger share is believed at once, a smaller one slowly. */
    compressed(bytes, points) {
      if (points < batchPoints() / 2 && bytes <= maxBytes) return;
      const now = bytes / points;
      bytesPerPoint =
        bytesPerPoint === undefined || now > bytesPerPoint ? now : bytesPerPoint + (now - bytesPerPoint) / 4;
    },
    taken(bytes) {
      if (clock.steady() > ceilingUntilMs) ceilingBytes = putMaxBytes;
      if (bytes > maxBytes / 2) maxBytes = Math.min(ceilingBytes, maxBytes + Math.max(16, Math.floor(maxBytes / 32)));
    },
    refused(bytes, how) {
      ceilingUntilMs = clock.steady() + forgetMs[how];
      ceilingBytes = Math.max(leastBytes, Math.min(ceilingBytes, bytes - 1));
      maxBytes = Math.max(leastBytes, Math.min(maxBytes, Math.floor(bytes / 2)));
    },
  };
}

function atLeastOne(points: number): number {
  return Math.max(1, Math.floor(points));
}
