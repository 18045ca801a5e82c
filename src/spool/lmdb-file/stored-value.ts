// A value as lmdb's JavaScript side stores it: as it is, or as one LZ4 block behind its length. The block's format is
// LZ4's "Block Format Description"; what it copies from before its own beginning comes from the dictionary.

const shortMark = 254;
const longMark = 255;
const firstMark = 250;
const minMatch = 4;
/** More than any value of ours; a damaged length must not take the memory. */
const maxBytes = 1 << 26;

/** The value; undefined when it is not what it says it is. */
export function inflated(stored: Buffer, dictionary: Buffer): Buffer | undefined {
  const mark = stored[0];
  if (mark === undefined || mark < firstMark) return stored;
  if (mark === shortMark && stored.length > 4) return block(stored.subarray(4), stored.readUIntBE(1, 3), dictionary);
  if (mark === longMark && stored.length > 8) return block(stored.subarray(8), stored.readUInt32BE(4), dictionary);
  return undefined;
}

function block(from: Buffer, length: number, dictionary: Buffer): Buffer | undefined {
  if (length > maxBytes) return undefined;
  const out = Buffer.allocUnsafe(dictionary.length + length);
  dictionary.copy(out);
  let at = 0;
  let end = dictionary.length;

  /** Lengths of 15 and more go on in the bytes that follow. */
  function more(nibble: number): number {
    let sum = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255 && at < from.length; ) {
      byte = from[at++] as number;
      sum += byte;
    }
    return sum;
  }

  while (at < from.length && end < out.length) {
    const token = from[at++] as number;
    const literals = more(token >> 4);
    if (at + literals > from.length || end + literals > out.length) return undefined;
    from.copy(out, end, at, at + literals);
    at += literals;
    end += literals;
    if (at === from.length) break;
    if (at + 2 > from.length) return undefined;
    const distance = from.readUInt16LE(at);
    at += 2;
    const match = more(token & 15) + minMatch;
    if (distance === 0 || distance > end || end + match > out.length) return undefined;
    for (let index = 0; index < match; index += 1) out[end + index] = out[end + index - distance] as number;
    end += match;
  }
  return end === out.length ? out.subarray(dictionary.length) : undefined;
}
