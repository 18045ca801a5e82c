// The run keys of each segment in a file beside it, since they are needed for two hours and the segment, as a rule, for seconds:
// 16 bytes a run, little-endian: lo, hi, digest, generation.

import { open, readFile, rename } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredRunKey } from '../log/format.ts';
import { runKeysPath } from '../log/segment-files.ts';

/** The runs of a segment, as they come. */
export interface CollectedRuns {
  add(run: StoredRunKey, generation: number): void;
  /** Takes the last one of these back; whether there was one. */
  remove(run: StoredRunKey): boolean;
  bytes(): Buffer;
}

const wordsARun = 4;
const bytesARun = wordsARun * 4;

export function collectedRuns(): CollectedRuns {
  let words = new Uint32Array(1024 * wordsARun);
  let used = 0;
  return {
    add({ lo, hi, digest }, generation) {
      if (used + wordsARun > words.length) {
        const larger = new Uint32Array(words.length * 2);
        larger.set(words);
        words = larger;
      }
      words[used] = lo;
      words[used + 1] = hi;
      words[used + 2] = digest;
      words[used + 3] = generation;
      used += wordsARun;
    },
    remove({ lo, hi, digest }) {
      for (let at = used - wordsARun; at >= 0; at -= wordsARun) {
        if (words[at] !== lo || words[at + 1] !== hi || words[at + 2] !== digest) continue;
        words.copyWithin(at, at + wordsARun, used);
        used -= wordsARun;
        return true;
      }
      return false;
    },
    bytes: () => Buffer.from(words.buffer, 0, used * 4),
  };
}

/** Writes the keys of a segment; durable when it resolves. */
export async function writeRunKeys(directory: string, segment: number, runs: CollectedRuns): Promise<void> {
  const path = runKeysPath(directory, segment);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(runs.bytes());
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

const runsInTurn = 10_000;

/** Reads the keys of a segment, a part in each turn of the event loop. A file that cannot be read has none. */
export async function readRunKeys(
  directory: string,
  segment: number,
  add: (run: StoredRunKey, generation: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const bytes = await readFile(runKeysPath(directory, segment)).catch(() => Buffer.alloc(0));
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / bytesARun) * wordsARun);
  for (let at = 0; at < words.length && !signal.aborted; at += wordsARun) {
    if (at % (runsInTurn * wordsARun) === 0) await nextTurn();
    const [lo, hi, digest, generation] = [words[at], words[at + 1], words[at + 2], words[at + 3]] as [
      number,
      number,
      number,
      number,
    ];
    add({ lo, hi, digest }, generation);
  }
}
