// Damages one file of a spool within its written part: flips a bit, zeroes or swaps sectors, truncates or removes the
// file.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pick } from '../../src/simulator/seeded.ts';

export interface FileDamage {
  /** Such as `a bit flipped`. */
  readonly kind: string;
  /** Such as `0000000001.segment, byte 712`. */
  readonly where: string;
}

const sectorBytes = 512;

type Change = (bytes: Buffer, at: number, other: number) => Buffer | undefined;

/** Each changes the bytes or returns others; undefined removes the file. */
const changes: readonly (readonly [kind: string, change: Change])[] = [
  ['a bit flipped', (bytes, at) => filled(bytes, at, 1, (byte) => byte ^ (1 << (at % 8)))],
  ['a few bytes zeroed', (bytes, at) => filled(bytes, at, 16, () => 0)],
  ['a sector zeroed', (bytes, at) => filled(bytes, sectorOf(at), sectorBytes, () => 0)],
  ['eight sectors zeroed', (bytes, at) => filled(bytes, sectorOf(at), 8 * sectorBytes, () => 0)],
  ['a sector filled with ones', (bytes, at) => filled(bytes, sectorOf(at), sectorBytes, () => 255)],
  [
    'a sector replaced by another',
    (bytes, at, other) => replaced(bytes, sectorOf(at), bytes.subarray(sectorOf(other), sectorOf(other) + sectorBytes)),
  ],
  ['everything behind it zeroed', (bytes, at) => filled(bytes, at, bytes.length, () => 0)],
  ['cut short', (bytes, at) => Buffer.from(bytes.subarray(0, at))],
  ['emptied', () => Buffer.alloc(0)],
  ['gone', () => undefined],
];

export const kindsOfDamage: readonly string[] = changes.map(([kind]) => kind);

/**
 * Damages a random part of a random file that is not empty.
 *
 * @param names - the files to choose from
 */
export function damageFile(directory: string, names: RegExp, random: () => number): FileDamage {
  const files = readdirSync(directory).filter((name) => names.test(name));
  const written = files
    .map((name) => [name, readFileSync(join(directory, name))] as const)
    .filter(([, bytes]) => writtenBytes(bytes) > 0);
  if (written.length === 0) throw new Error(`there is nothing to damage in ${directory}`);
  const [name, bytes] = pick(written, random);
  const [kind, change] = pick(changes, random);
  const place = (): number => Math.floor(random() * writtenBytes(bytes));
  const at = place();
  const damaged = change(bytes, at, place());
  if (damaged === undefined) rmSync(join(directory, name));
  else writeFileSync(join(directory, name), damaged);
  return { kind, where: `${name}, byte ${at}` };
}

/** Returns the length of the written part of a file that was preallocated with zeros. */
function writtenBytes(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}

function sectorOf(at: number): number {
  return at - (at % sectorBytes);
}

function filled(bytes: Buffer, from: number, count: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = from; at < Math.min(copy.length, from + count); at += 1) copy[at] = change(copy[at] as number);
  return copy;
}

function replaced(bytes: Buffer, at: number, by: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  by.copy(copy, at);
  return copy;
}
