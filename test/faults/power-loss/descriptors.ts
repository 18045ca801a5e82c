// The files of a directory in a process: their names and its descriptors.

import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from './crash.ts';
import { type Image, readImage } from './image.ts';
import type { FileNumber } from './store-event.ts';

export interface Descriptor {
  readonly file: FileNumber | 'directory';
  /** Opened with O_DSYNC. */
  readonly isSynced: boolean;
  readonly isAppending: boolean;
  /** The offset of the next write without one. */
  place: number;
}

/** The state at the begin of the recording, changed by each event. */
export interface Files {
  /** Every path of the directory. */
  readonly directories: readonly string[];
  readonly names: Map<string, FileNumber>;
  readonly descriptors: Map<number, Descriptor>;
  readonly sizes: Map<FileNumber, number>;
}

/** The reserve file, which only takes space and is never read. */
const notRecorded: readonly string[] = ['reserve'];

const [append, dataSync] = [0o2000, 0o10000];

/** Returns the name of a path in the directory; '' for the directory itself, undefined outside of it. */
export function nameIn(directories: readonly string[], path: string): string | undefined {
  if (directories.includes(path)) return '';
  const directory = directories.find((one) => path.startsWith(`${one}/`));
  if (directory === undefined) return undefined;
  const name = path.slice(directory.length + 1);
  if (name.includes('/')) throw new Error(`${path}: what is in a directory of the directory is not recorded`);
  return notRecorded.includes(name) ? undefined : name;
}

/** Retries if a file is removed or closed meanwhile. */
const mostLooks = 50;

/** Reads the directory, and the process's descriptors of its files. */
export function filesOf(
  pid: number,
  directory: string,
  looks = 1,
): { readonly files: Files; readonly before: Snapshot } {
  try {
    return filesNow(pid, directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || looks >= mostLooks) throw error;
    return filesOf(pid, directory, looks + 1);
  }
}

function filesNow(pid: number, directory: string): { readonly files: Files; readonly before: Snapshot } {
  const numbers = new Map<number, FileNumber>();
  const numberOf = (inode: number): FileNumber => {
    if (!numbers.has(inode)) numbers.set(inode, numbers.size);
    return numbers.get(inode) as FileNumber;
  };
  const directories = [...new Set([directory, realpathSync(directory)])];
  const present = imagesIn(directory);
  const names = new Map([...present.keys()].map((name) => [name, numberOf(statSync(join(directory, name)).ino)]));
  const images = new Map([...present].map(([name, image]) => [names.get(name) as FileNumber, image]));
  const sizes = new Map([...images].map(([file, image]) => [file, image.sizeBytes()]));
  return {
    files: { directories, names: new Map(names), descriptors: descriptorsOf(pid, directories, numberOf), sizes },
    before: { names, images },
  };
}

/** Returns the recorded files by name. */
export function imagesIn(directory: string): Map<string, Image> {
  const names = readdirSync(directory).filter((name) => !notRecorded.includes(name));
  return new Map(names.map((name) => [name, readImage(join(directory, name))]));
}

function descriptorsOf(
  pid: number,
  directories: readonly string[],
  numberOf: (inode: number) => FileNumber,
): Map<number, Descriptor> {
  const found = new Map<number, Descriptor>();
  for (const number of readdirSync(`/proc/${pid}/fd`)) {
    const path = readlinkSync(`/proc/${pid}/fd/${number}`).replace(/ \(deleted\)$/, '');
    const name = nameIn(directories, path);
    if (name === undefined) continue;
    const file = name === '' ? 'directory' : numberOf(statSync(`/proc/${pid}/fd/${number}`).ino);
    const text = readFileSync(`/proc/${pid}/fdinfo/${number}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(text)?.[1] ?? '0', 8);
    const place = Number(/^pos:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    found.set(Number(number), { file, isSynced: (flags & dataSync) !== 0, isAppending: (flags & append) !== 0, place });
  }
  return found;
}
