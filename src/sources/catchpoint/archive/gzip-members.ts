// Gzip members with their length in an extra field. An archive can be scanned without decompression: a torn end is
// found and cut off, and a damaged member is skipped. Any gunzip can read these files.

import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A section of a file. */
export interface Member {
  readonly offset: number;
  readonly bytes: number;
  /** `torn`: the file ends within it. `foreign`: bytes before the next member with a length field. */
  readonly state: 'whole' | 'torn' | 'foreign';
}

const compressed = promisify(gzip);

/** RFC 1952, 2.3: the fixed header, then the extra field: its length, the id "CB", the length of the data, the data. */
const fixedBytes = 10;
const extra = Buffer.from([8, 0, 0x43, 0x42, 4, 0, 0, 0, 0, 0]);
const headBytes = fixedBytes + extra.length;
const lengthAt = headBytes - 4;
const extraFlag = 4;
/** The magic number, deflate, and the flag of an extra field. */
const signature = Buffer.from([0x1f, 0x8b, 8, extraFlag]);
/** A larger length is a damaged header. */
const maxMemberBytes = 64 * 2 ** 20;
const searchBytes = 65_536;

/** Compresses a text into one member. */
export async function gzipMember(text: Buffer): Promise<Buffer> {
  const plain = await compressed(text);
  const member = Buffer.concat([
    signature,
    plain.subarray(signature.length, fixedBytes),
    extra,
    plain.subarray(fixedBytes),
  ]);
  member.writeUInt32LE(member.length, lengthAt);
  return member;
}

/** Scans a file by the headers of its members. */
export async function* gzipMembers(file: FileHandle, fileBytes: number): AsyncGenerator<Member> {
  let offset = 0;
  while (offset < fileBytes) {
    const head = await readAt(file, offset, Math.min(headBytes, fileBytes - offset));
    const bytes = memberLength(head);
    const rest = fileBytes - offset;
    if (bytes !== undefined) {
      yield { offset, bytes: Math.min(bytes, rest), state: bytes > rest ? 'torn' : 'whole' };
      offset += bytes;
    } else if (rest < headBytes && signature.subarray(0, rest).equals(head.subarray(0, signature.length))) {
      yield { offset, bytes: rest, state: 'torn' };
      return;
    } else {
      const next = await nextMember(file, offset + 1, fileBytes);
      yield { offset, bytes: next - offset, state: 'foreign' };
      offset = next;
    }
  }
}

export async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}

/** The length in a member's header. Undefined when the header has no length field. */
function memberLength(head: Buffer): number | undefined {
  if (head.length < headBytes || !head.subarray(0, signature.length).equals(signature)) return undefined;
  if (!head.subarray(fixedBytes, lengthAt).equals(extra.subarray(0, -4))) return undefined;
  const bytes = head.readUInt32LE(lengthAt);
  return bytes > headBytes && bytes <= maxMemberBytes ? bytes : undefined;
}

/** Offset of the next member with a length field, or of the end of the file. */
async function nextMember(file: FileHandle, from: number, fileBytes: number): Promise<number> {
  for (let offset = from; offset < fileBytes; offset += searchBytes) {
    const chunk = await readAt(file, offset, Math.min(searchBytes + headBytes, fileBytes - offset));
    for (let at = chunk.indexOf(signature); at !== -1; at = chunk.indexOf(signature, at + 1)) {
      if (memberLength(chunk.subarray(at, at + headBytes)) !== undefined) return offset + at;
    }
  }
  return fileBytes;
}
