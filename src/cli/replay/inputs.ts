// Reads the input files of `replay` and `forecast` line by line.

import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { linesOfFile, linesOfStream } from '../../sources/catchpoint/archive/archived-lines.ts';

export interface InputLine {
  readonly text: string;
  /** Such as `catchpoint-2026-11-18.ndjson.gz:17`. */
  readonly position: string;
}

export interface Inputs {
  /** The size of all files; undefined with standard input among them. */
  readonly totalBytes: number | undefined;
  bytesRead(): number;
  /** The first line of each file; does not read standard input. */
  heads(): AsyncGenerator<InputLine>;
  /** All lines except blank ones. Calls `onDamage` for each unreadable part. */
  lines(onDamage: (reason: string) => void, signal: AbortSignal): AsyncGenerator<InputLine>;
}

/**
 * Opens files, of which `-` is standard input.
 *
 * @throws CommandError for a file that cannot be read
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
          yield { text, position: `${path}:1` };
          break;
        }
      }
    },
    async *lines(onDamage, signal) {
      for (const path of paths) {
        const name = path === '-' ? 'standard input' : path;
        const reading = {
          damaged: (reason: string) => onDamage(`${name}: ${reason}`),
          at: (bytes: number) => void read.set(path, bytes),
        };
        const lines =
          path === '-' ? linesOfStream(addAbortSignal(signal, stdin()), reading) : linesOfFile(path, reading);
        let number = 0;
        for await (const text of lines) {
          number += 1;
          if (text.trim() !== '') yield { text, position: `${name}:${number}` };
        }
      }
    },
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    // Opening it shows missing permissions before the replay begins.
    const file = await open(path);
    try {
      const stats = await file.stat();
      if (stats.isDirectory()) throw new Error('it is a directory');
      return stats.size;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new CommandError(`${path}: cannot be read (${(error as Error).message})`, exitCodes.noInput);
  }
}
