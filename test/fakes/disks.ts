// Small disks: a tmpfs, an ext4 in a file, and one that is only simulated.

import type { ExecutionContext } from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Disk } from '../../src/spool/disk/disk.ts';
import { MissingTool } from '../faults/missing-tool.ts';
import { temporaryDirectory } from './directory.ts';

export interface PlayedDisk extends Disk {
  /** Written by others. */
  foreignBytes: number;
}

/** Simulates a disk of `sizeBytes` that holds the files in `directory`, the reserve and `foreignBytes`. */
export function playedDisk(directory: string, sizeBytes: number): PlayedDisk {
  let reserve = 0;
  const sizeOf = (name: string): number => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  const ownBytes = (): number => readdirSync(directory).reduce((sum, name) => sum + sizeOf(name), 0);
  const disk: PlayedDisk = {
    foreignBytes: 0,
    sizeBytes: () => sizeBytes,
    freeBytes: () => Math.max(0, sizeBytes - ownBytes() - reserve - disk.foreignBytes),
    reservedBytes: () => reserve,
    takeReserve(bytes) {
      if (bytes > disk.freeBytes()) throw new Error('ENOSPC');
      reserve = bytes;
    },
    giveUpReserve: () => void (reserve = 0),
  };
  return disk;
}

/**
 * Mounts a tmpfs.
 *
 * @param row - the row of test/faults that needs it
 * @throws Lacking if mounting is not permitted
 */
export async function mountedDisk(
  t: Pick<ExecutionContext, 'teardown'>,
  row: string,
  sizeBytes: number,
): Promise<string> {
  const directory = await temporaryDirectory(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'bridge-test', directory], { stdio: 'pipe' });
  } catch (error) {
    throw new MissingTool(row, 'mount', error);
  }
  t.teardown(() => execFileSync('umount', ['--lazy', directory]));
  return directory;
}

export interface DiskBecomingReadOnly {
  readonly directory: string;
  /** Remounts it read-only, as the kernel does after a file system error. */
  becomeReadOnly(): void;
  /** Mounts it again; no file on it may be open. */
  becomeWritable(): void;
}

/**
 * Mounts an ext4 in a file.
 *
 * @param row - the row of test/faults that needs it
 * @throws Lacking if mounting is not permitted
 */
export async function becomingReadOnly(
  t: Pick<ExecutionContext, 'teardown'>,
  row: string,
  sizeBytes: number,
): Promise<DiskBecomingReadOnly> {
  const root = await temporaryDirectory(t);
  const [image, directory] = [join(root, 'image'), join(root, 'disk')];
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' });
  const mount = (): string => run('mount', '-t', 'ext4', '-o', 'loop,errors=remount-ro', image, directory);
  const trigger = (): string =>
    `/sys/fs/ext4/${basename(run('findmnt', '-n', '-o', 'SOURCE', directory).trim())}/trigger_fs_error`;
  try {
    mkdirSync(directory);
    writeFileSync(image, '');
    truncateSync(image, sizeBytes);
    run('mkfs.ext4', '-q', image);
    mount();
    accessSync(trigger(), constants.W_OK);
  } catch (error) {
    spawnSync('umount', ['--lazy', directory]);
    throw new MissingTool(row, (error as NodeJS.ErrnoException).path ?? 'mount of an ext4', error);
  }
  t.teardown(() => run('umount', '--lazy', directory));
  return {
    directory,
    becomeReadOnly: () => writeFileSync(trigger(), 'played by a test'),
    becomeWritable() {
      run('umount', directory);
      spawnSync('e2fsck', ['-f', '-y', image]);
      mount();
    },
  };
}
