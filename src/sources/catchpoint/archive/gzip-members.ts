// Gzip members that say how long they are: an archive can be walked without unpacking it, its torn end found and cut
// off, and a damaged member stepped over. Every gunzip reads them.

import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A stretch of a file. */
export interface Member {
  readonly offset: number;
  readonly bytes: number;
  /** `torn`: the file ends before it does. `foreign`: not one of ours, up to where the next of ours begins. */
  readonly state: 'whole' | 'torn' | 'foreign';
}

const packed = promisify(gzip);

/** RFC 1952, 2.3: the fixed header, and the extra field that follows it: its length, two letters, theirs, ours. */
const fixedBytes = 10;
const extra = Buffer.from([8, 0, 0x43, 0x42, 4, 0, 0, 0, 0, 0]);
const headBytes = fixedBytes + extra.length;
const lengthAt = headBytes - 4;
const hasExtra = 4;
/** Ours begin with these: the magic number, deflate, an extra field. */
const signature = Buffer.from([0x1f, 0x8b, 8, hasExtra]);
/** A longer one is the sign of a damaged header. */
const maxMemberBytes = 64 * 2 ** 20;
const searchBytes = 65_536;

/** Packs a text into one member. */
export async function sealed(text: Buffer): Promise<Buffer> {
  const plain = await packed(text);
  const member = Buffer.concat([
    signature,
    plain.subarray(signature.length, fixedBytes),
    extra,
    plain.subarray(fixedBytes),
  ]);
  member.writeUInt32LE(member.length, lengthAt);
  return member;
}

/** Walks a file of so many bytes by the heads of its members. */
export async function* members(file: FileHandle, fileBytes: number): AsyncGenerator<Member> {
  let offset = 0;
  while (offset < fileBytes) {
    const head = await read(file, offset, Math.min(headBytes, fileBytes - offset));
    const bytes = lengthSaid(head);
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

/** The bytes of a stretch. */
export async function read(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, offset);
  return buffer.subarray(0, bytesRead);
}

/** The length that the head of a member of ours says; undefined when it is none. */
function lengthSaid(head: Buffer): number | undefined {
  if (head.length < headBytes || !head.subarray(0, signature.length).equals(signature)) return undefined;
  if (!head.subarray(fixedBytes, lengthAt).equals(extra.subarray(0, -4))) return undefined;
  const bytes = head.readUInt32LE(lengthAt);
  return bytes > headBytes && bytes <= maxMemberBytes ? bytes : undefined;
}

/** Where the next member of ours begins, or the file ends. */
async function nextMember(file: FileHandle, from: number, fileBytes: number): Promise<number> {
  for (let offset = from; offset < fileBytes; offset += searchBytes) {
    const chunk = await read(file, offset, Math.min(searchBytes + headBytes, fileBytes - offset));
    for (let at = chunk.indexOf(signature); at !== -1; at = chunk.indexOf(signature, at + 1)) {
      if (lengthSaid(chunk.subarray(at, at + headBytes)) !== undefined) return offset + at;
    }
  }
  return fileBytes;
}
