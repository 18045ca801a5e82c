// The checksums of groups and frames are valid only in their own group, segment and use of the file.

import test from 'ava';
import { createHash } from 'node:crypto';
import {
  frameHeaderBytes,
  frameKinds,
  groupHeaderBytes,
  groupSeed,
  intactFrame,
  readGroupHeader,
  sealFrames,
  segmentSeed,
  writeFrameHeader,
  writeGroupHeader,
} from '../../../src/spool/log/format.ts';

const salt = (text: string): Buffer => createHash('sha1').update(text).digest().subarray(0, 8);
const noRun = { lo: 0, hi: 0, digest: 0 };
const payload = 'R[["a",1,"s","1.0",{}]]';

function frameOf(group: number, seed: number): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes + payload.length);
  writeFrameHeader(bytes, 0, payload.length, { kind: frameKinds.points, record: 0, points: 1, run: noRun });
  bytes.write(payload, frameHeaderBytes);
  sealFrames(bytes, 0, bytes.length, groupSeed(group, seed));
  return bytes;
}

const seed = segmentSeed({ number: 7, salt: salt('a') });

function groupHeader(): Buffer {
  const bytes = Buffer.alloc(groupHeaderBytes);
  const before = { records: 0, points: 0, bytes: 0 };
  writeGroupHeader(bytes, 0, { number: 41, length: 9, frames: 1, records: 1, points: 1, before, atMs: 1 }, seed);
  return bytes;
}

const others = [
  ['another segment', segmentSeed({ number: 8, salt: salt('a') })],
  ['another use of the file', segmentSeed({ number: 7, salt: salt('b') })],
] as const;

test('a frame is valid in its own group only', (t) => {
  const frame = frameOf(41, seed);
  t.is(intactFrame(frame, 0, frame.length, groupSeed(41, seed)), payload.length);
  for (const group of [1, 40, 42, 2 ** 33])
    t.is(intactFrame(frame, 0, frame.length, groupSeed(group, seed)), undefined, `${group}`);
});

for (const [where, other] of others) {
  test(`neither a frame nor a group header is valid in ${where}`, (t) => {
    const frame = frameOf(41, seed);
    t.is(intactFrame(frame, 0, frame.length, groupSeed(41, other)), undefined);
    const header = groupHeader();
    t.is(readGroupHeader(header, 0, seed)?.number, 41);
    t.is(readGroupHeader(header, 0, other), undefined);
  });
}

test('a frame or group header with any bit flipped is invalid', (t) => {
  const frame = frameOf(41, seed);
  const header = groupHeader();
  const flipped = (bytes: Buffer, bit: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    return copy;
  };
  for (let bit = 0; bit < frame.length * 8; bit += 1)
    t.is(intactFrame(flipped(frame, bit), 0, frame.length, groupSeed(41, seed)), undefined, `bit ${bit}`);
  for (let bit = 0; bit < header.length * 8; bit += 1)
    t.is(readGroupHeader(flipped(header, bit), 0, seed), undefined, `bit ${bit}`);
});
