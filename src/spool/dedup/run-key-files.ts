// Files of run keys, one beside each segment: keys are needed for two hours, a segment often for seconds only.
// 16 bytes a run, little-endian u32: lo, hi, digest, generation.

import { open, readFile, rename } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredRunKey } from '../log/format.ts';
import { runKeysPath } from '../log/segment-files.ts';

const runWords = 4;
const runBytes = runWords * 4;

/** The run keys of a segment, in the layout of their file. */
export class RunKeyBuffer {
  private words = new Uint32Array(1024 * runWords);
  private used = 0;

  add({ lo, hi, digest }: StoredRunKey, generation: number): void {
    if (this.used + runWords > this.words.length) {
      const larger = new Uint32Array(this.words.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    const { words, used } = this;
    words[used] = lo;
    words[used + 1] = hi;
    words[used + 2] = digest;
    words[used + 3] = generation;
    this.used += runWords;
  }

  /** Removes the last occurrence of a run. Returns whether there was one. */
  remove({ lo, hi, digest }: StoredRunKey): boolean {
    const { words } = this;
    for (let at = this.used - runWords; at >= 0; at -= runWords) {
      if (words[at] !== lo || words[at + 1] !== hi || words[at + 2] !== digest) continue;
      words.copyWithin(at, at + runWords, this.used);
      this.used -= runWords;
      return true;
    }
    return false;
  }

  bytes(): Buffer {
    return Buffer.from(this.words.buffer, 0, this.used * 4);
  }
}

/** Durable on return. */
export async function writeRunKeys(directory: string, segment: number, keys: RunKeyBuffer): Promise<void> {
  const path = runKeysPath(directory, segment);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(keys.bytes());
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

const runsPerTurn = 10_000;

/** Reads the keys of a segment in several turns of the event loop. An unreadable file has none. */
export async function readRunKeys(
  directory: string,
  segment: number,
  add: (run: StoredRunKey, generation: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const bytes = await readFile(runKeysPath(directory, segment)).catch(() => Buffer.alloc(0));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / runBytes) * runWords);
  for (let at = 0; at < words.length && !signal.aborted; at += runWords) {
    if (at % (runsPerTurn * runWords) === 0) await nextTurn();
    const word = (index: number): number => words[at + index] as number;
    add({ lo: word(0), hi: word(1), digest: word(2) }, word(3));
  }
}
