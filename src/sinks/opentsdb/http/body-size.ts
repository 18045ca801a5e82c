// Adapts the size of a put body to the receiver's limit, and the number of points in a batch to that size. OpenTSDB
// limits the compressed bytes of a request.

import type { Clock } from '../../../runtime/clock.ts';

export interface BodySize {
  /** Bound on the next compressed body. */
  maxBytes(): number;
  /** Estimates how many points fit into a body of `maxBytes`. */
  batchPoints(): number;
  recordCompressed(bytes: number, points: number): void;
  recordAccepted(bytes: number): void;
  /** `no-answer`: the connection closed without an answer, and a body of half the size then succeeded. */
  recordRefused(bytes: number, why: RefusedBody): void;
}

type RefusedBody = 'too-large' | 'no-answer';

/** 50 points is the starting point that OpenTSDB's documentation recommends; fewer where they do not fit at 60 bytes each. */
const initialPoints = 50;
const initialBytesPerPoint = 60;
/** An answer may name every point of the batch, and is read up to 1 MB. */
const maxPoints = 1000;
const minBytes = 256;
const targetFill = 0.9;
/** A refused size is tried again after this time: the receiver may have changed, and no answer may have another cause. */
const ceilingMs: Record<RefusedBody, number> = { 'too-large': 600_000, 'no-answer': 30_000 };

/** @param putMaxBytes - the bound while nothing is refused */
export function bodySize(putMaxBytes: number, clock: Clock): BodySize {
  let maxBytes = putMaxBytes;
  let ceilingBytes = putMaxBytes;
  let ceilingUntilMs = 0;
  let bytesPerPoint: number | undefined;

  function batchPoints(): number {
    if (bytesPerPoint === undefined)
      return atLeastOne(Math.min(initialPoints, (targetFill * maxBytes) / initialBytesPerPoint));
    return atLeastOne(Math.min(maxPoints, (targetFill * maxBytes) / bytesPerPoint));
  }

  return {
    maxBytes: () => maxBytes,
    batchPoints,
    /** Small bodies are ignored: their points compress worse. Growth counts at once, shrinkage as a moving average. */
    recordCompressed(bytes, points) {
      if (points < batchPoints() / 2 && bytes <= maxBytes) return;
      const now = bytes / points;
      bytesPerPoint =
        bytesPerPoint === undefined || now > bytesPerPoint ? now : bytesPerPoint + (now - bytesPerPoint) / 4;
    },
    recordAccepted(bytes) {
      if (clock.steady() > ceilingUntilMs) ceilingBytes = putMaxBytes;
      if (bytes > maxBytes / 2) maxBytes = Math.min(ceilingBytes, maxBytes + Math.max(16, Math.floor(maxBytes / 32)));
    },
    recordRefused(bytes, why) {
      ceilingUntilMs = clock.steady() + ceilingMs[why];
      ceilingBytes = Math.max(minBytes, Math.min(ceilingBytes, bytes - 1));
      maxBytes = Math.max(minBytes, Math.min(maxBytes, Math.floor(bytes / 2)));
    },
  };
}

function atLeastOne(points: number): number {
  return Math.max(1, Math.floor(points));
}
