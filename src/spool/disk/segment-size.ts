// How long a segment is: long enough that a new one is seldom begun, short enough that the reserve of a small disk holds two.

const mostBytes = 8 << 20;
const leastBytes = 64 << 10;

/**
 * @param diskBytes - the whole disk
 * @param maxBytes - the spool's bound
 */
export function segmentBytesFor(diskBytes: number, maxBytes: number): number {
  const wanted = Math.min(mostBytes, diskBytes / 32, maxBytes / 8);
  return Math.max(leastBytes, 2 ** Math.floor(Math.log2(Math.max(1, wanted))));
}
