// The contents of a file without its zero pages, since segments are preallocated.

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

export interface Image {
  readonly sizeBytes: () => number;
  /** Grows the file if necessary. */
  write(offset: number, bytes: Buffer): void;
  resize(sizeBytes: number): void;
  copy(): Image;
  /** The whole contents, for small files. */
  whole(): Buffer;
  isSameAs(other: Image): boolean;
  /** Parts of 4096 bytes by number; zero parts may be missing. */
  readonly parts: ReadonlyMap<number, Buffer>;
  /** Writes it to a sparse file. */
  save(path: string): void;
}

const partBytes = 4096;
const zeros = Buffer.alloc(partBytes);

export function emptyImage(): Image {
  return imageOf(new Map(), 0);
}

export function readImage(path: string): Image {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const parts = new Map<number, Buffer>();
    const chunk = Buffer.alloc(256 * partBytes);
    for (let at = 0; at < size; at += chunk.length) {
      chunk.fill(0);
      readSync(file, chunk, 0, chunk.length, at);
      for (let within = 0; within < chunk.length && at + within < size; within += partBytes) {
        const part = chunk.subarray(within, within + partBytes);
        if (!part.equals(zeros)) parts.set((at + within) / partBytes, Buffer.from(part));
      }
    }
    return imageOf(parts, size);
  } finally {
    closeSync(file);
  }
}

/** Parts by number. They are replaced instead of changed, since copies share them. */
function imageOf(parts: Map<number, Buffer>, firstBytes: number): Image {
  let sizeBytes = firstBytes;
  const own = new Set<number>();
  const ownPart = (number: number): Buffer => {
    if (!own.has(number)) parts.set(number, Buffer.from(parts.get(number) ?? Buffer.alloc(partBytes)));
    own.add(number);
    return parts.get(number) as Buffer;
  };
  return {
    parts,
    sizeBytes: () => sizeBytes,
    write(offset, bytes) {
      for (let at = 0; at < bytes.length;) {
        const [number, within] = [Math.floor((offset + at) / partBytes), (offset + at) % partBytes];
        at += bytes.copy(ownPart(number), within, at, Math.min(bytes.length, at + partBytes - within));
      }
      sizeBytes = Math.max(sizeBytes, offset + bytes.length);
    },
    resize(bytes) {
      for (const number of parts.keys()) if (number * partBytes >= bytes) parts.delete(number);
      for (const number of own) if (number * partBytes >= bytes) own.delete(number);
      if (bytes % partBytes > 0 && bytes < sizeBytes) ownPart(Math.floor(bytes / partBytes)).fill(0, bytes % partBytes);
      sizeBytes = bytes;
    },
    copy() {
      own.clear();
      return imageOf(new Map(parts), sizeBytes);
    },
    whole() {
      const whole = Buffer.alloc(sizeBytes);
      for (const [number, part] of parts) part.copy(whole, number * partBytes);
      return whole;
    },
    isSameAs(other) {
      const numbers = new Set([...parts.keys(), ...other.parts.keys()]);
      return (
        sizeBytes === other.sizeBytes() &&
        [...numbers].every((number) => (parts.get(number) ?? zeros).equals(other.parts.get(number) ?? zeros))
      );
    },
    save(path) {
      const file = openSync(path, 'w');
      ftruncateSync(file, sizeBytes);
      for (const [number, part] of parts)
        writeSync(file, part, 0, Math.min(partBytes, sizeBytes - number * partBytes), number * partBytes);
      closeSync(file);
    },
  };
}
