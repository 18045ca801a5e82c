// The files of a directory as a process has them: which names there are, and which of its descriptors belong to them.

import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from './crash.ts';
import { type Image, readImage } from './image.ts';
import type { FileNumber } from './store-event.ts';

export interface Descriptor {
  readonly file: FileNumber | 'directory';
  /** Whether each write through it is on disk when it has returned. */
  readonly isSynced: boolean;
  readonly isAppending: boolean;
  /** Where a write without an offset goes. */
  place: number;
}

/** The recording begins here, and goes on from it. */
export interface Files {
  /** Every path by which the directory is called. */
  readonly directories: readonly string[];
  readonly names: Map<string, FileNumber>;
  readonly descriptors: Map<number, Descriptor>;
  readonly sizes: Map<FileNumber, number>;
}

/** Held to take room alone, and never read: what it holds is none of a store's contents. */
const notRecorded: readonly string[] = ['reserve'];

const [append, dataSync] = [0o2000, 0o10000];

/** The name that a path has in the directory; '' for the directory itself, undefined for what is not in it. */
export function nameIn(directories: readonly string[], path: string): string | undefined {
  if (directories.includes(path)) return '';
  const directory = directories.find((one) => path.startsWith(`${one}/`));
  if (directory === undefined) return undefined;
  const name = path.slice(directory.length + 1);
  if (name.includes('/')) throw new Error(`${path}: what is in a directory of the directory is not recorded`);
  return notRecorded.includes(name) ? undefined : name;
}

/** So often is looked again where a file went, or was closed, while it was looked at. */
const mostLooks = 50;

/** What the directory holds now, and what the process has open of it. */
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

/** Every file in it that is recorded, by name. */
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
