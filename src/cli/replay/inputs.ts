// What is replayed: files and standard input, as lines with the place where each stands.

import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { linesOfFile, linesOfStream } from '../../sources/catchpoint/archive/archived-lines.ts';

export interface InputLine {
  readonly text: string;
  /** Such as `catchpoint-2026-11-18.ndjson.gz:17`. */
  readonly where: string;
}

export interface Inputs {
  /** Of all files; undefined with standard input among them. */
  readonly totalBytes: number | undefined;
  /** Bytes of them that are behind us. */
  bytesRead(): number;
  /** The first line of each file; standard input is not touched. */
  heads(): AsyncGenerator<InputLine>;
  /** All lines, but for blank ones. `damaged` is told of what cannot be read. */
  lines(damaged: (words: string) => void, signal: AbortSignal): AsyncGenerator<InputLine>;
}

/** A file that cannot be read. */
export class NoInput extends Error {
  override readonly name = 'NoInput';
  /** After sysexits. */
  readonly exitCode = 66;
}

/**
 * Looks at the files, of which `-` is standard input.
 *
 * @throws NoInput when one cannot be read
 */
export async function inputs(paths: readonly string[], stdin: () => Readable): Promise<Inputs> {
  const files = paths.filter((path) => path !== '-');
  const sizes = await Promise.all(files.map(sizeOf));
  const read = new Map<string, number>();
  return {
    totalBytes: files.length < paths.length ? undefined : sizes.reduce((sum, size) => sum + size, 0),
    bytesRead: () => [...read.values()].reduce((sum, bytes) => sum + bytes, 0),
    async *heads() {
      for (const path of files) {
        for await (const text of linesOfFile(path, { damaged: () => {}, at: () => {} })) {
          yield { text, where: `${path}:1` };
          break;
        }
      }
    },
    async *lines(damaged, signal) {
      for (const path of paths) {
        const name = path === '-' ? 'standard input' : path;
        const reading = {
          damaged: (words: string) => damaged(`${name}: ${words}`),
          at: (bytes: number) => void read.set(path, bytes),
        };
        const lines =
          path === '-' ? linesOfStream(addAbortSignal(signal, stdin()), reading) : linesOfFile(path, reading);
        let number = 0;
        for await (const text of lines) {
          number += 1;
          if (text.trim() !== '') yield { text, where: `${name}:${number}` };
        }
      }
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const file = await open(path);
    try {
      const stats = await file.stat();
      if (stats.isDirectory()) throw new Error('it is a directory');
      return stats.size;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new NoInput(`${path}: cannot be read (${(error as Error).message})`);
  }
}
