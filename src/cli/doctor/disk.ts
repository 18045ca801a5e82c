// Whether the disk of the state directory has room, and how long it takes to have something for certain.

import { access, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import type { Config } from '../../config/config.ts';
import { defaultMaxBytes } from '../../spool/disk/default-max-bytes.ts';
import { doubtful, faulty, fine, type Finding, unexamined } from '../probes/finding.ts';
import { sized } from '../plain-text.ts';

export interface DiskContext {
  readonly clock: Pick<Clock, 'steady'>;
  readonly pid: number;
}

/** Below it the spool may refuse pushes: it keeps a reserve. */
const leastFreeBytes = 64 * 2 ** 20;
const slowSyncMs = 20;
const syncs = 15;

export async function diskCheck({ stateDir, spoolMaxBytes }: Config, ambient: DiskContext): Promise<Finding[]> {
  const isThere = await access(stateDir).then(
    () => true,
    () => false,
  );
  const room = await roomOf(stateDir, spoolMaxBytes, isThere);
  if (!isThere) return [room, unexamined('disk syncs', `${stateDir} is not there yet; the first start makes it`)];
  return [room, await syncTime(stateDir, ambient)];
}

async function roomOf(stateDir: string, spoolMaxBytes: number | undefined, isThere: boolean): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(await nearest(stateDir));
    const freeBytes = bavail * bsize;
    const spool = join(stateDir, 'spool');
    const ownBytes = await bytesIn(spool);
    const hasSpool =
      isThere &&
      (await access(spool).then(
        () => true,
        () => false,
      ));
    const maxBytes = spoolMaxBytes ?? (hasSpool ? await defaultMaxBytes(spool) : Math.min(4 * 2 ** 30, freeBytes / 2));
    const words = `${sized(freeBytes)} free; the spool may take ${sized(maxBytes)}, and its files have ${sized(ownBytes)}`;
    const advice =
      'make room, or set a lower --spool-max-bytes: pushes are refused with 503 when the disk is nearly full';
    if (freeBytes < leastFreeBytes) return faulty('disk', words, 74, advice);
    return freeBytes + ownBytes < maxBytes ? doubtful('disk', words, advice) : fine('disk', words);
  } catch (error) {
    return faulty('disk', (error as Error).message, 74, 'look at the disk of the state directory');
  }
}

/** What the files of a directory take on the disk; of one that is not there nothing. */
async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function nearest(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : nearest(dirname(path));
}

/** Every push waits for one, though pushes that come together share it. */
async function syncTime(stateDir: string, { clock, pid }: DiskContext): Promise<Finding> {
  const path = join(stateDir, `.doctor-${pid}`);
  try {
    const file = await open(path, 'wx', 0o600);
    const timesMs: number[] = [];
    try {
      for (let at = 0; at < syncs; at += 1) {
        const startedMs = clock.steady();
        await file.write(Buffer.alloc(4096, at), 0, 4096, at * 4096);
        await file.datasync();
        timesMs.push(clock.steady() - startedMs);
      }
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    const middleMs = timesMs.toSorted((a, b) => a - b)[Math.floor(syncs / 2)] ?? 0;
    const words = `a write is on disk after ${middleMs.toFixed(1)} ms`;
    if (middleMs < slowSyncMs) return fine('disk syncs', words);
    return doubtful(
      'disk syncs',
      words,
      'put the state directory on a faster disk: every push waits for one of these, together with those that come with it',
    );
  } catch (error) {
    return faulty(
      'disk syncs',
      (error as Error).message,
      74,
      "the bridge's user must be able to write to the state directory; run doctor as that user",
    );
  }
}
