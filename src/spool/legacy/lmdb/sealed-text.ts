// Text of the former store: the CRC-32 of its key and itself, big-endian, then the text. What lmdb gives back under another
// key, or has not uncompressed, is told from what was put there.

import { crc32 } from 'node:zlib';

/** What an entry stands under. */
export type LegacyKey = number | string | readonly [name: string, sequence: number];

const checksumBytes = 4;

/** The text, or undefined when the checksum does not fit; `key` is '' where only the text is sealed. */
export function unsealedText(bytes: Buffer, key: LegacyKey): string | undefined {
  const isIntact = bytes.length > checksumBytes && bytes.readUInt32BE(0) === checksumOf(bytes, key);
  return isIntact ? bytes.toString('utf8', checksumBytes, bytes.length) : undefined;
}

/** To its `length`: lmdb hands out views of more, which newer Nodes show to whoever names no end. */
function checksumOf(bytes: Buffer, key: LegacyKey): number {
  return crc32(bytes.subarray(checksumBytes, bytes.length), crc32(String(key)));
}
