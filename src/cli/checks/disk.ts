// Checks the free space of the state directory's disk, and measures how long a sync takes.

import { access, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigRead } from '../../config/config.ts';
import { defaultMaxBytes } from '../../spool/disk/default-max-bytes.ts';
import { formatSize } from '../terminal-text.ts';
import { type CheckContext, fault, type Finding, notChecked, ok, warning } from './finding.ts';

/** The spool keeps a reserve; with less free space it may refuse pushes. */
const minFreeBytes = 64 * 2 ** 20;
const slowSyncMs = 20;
const syncs = 15;

export async function diskCheck({ config }: ConfigRead, context: CheckContext): Promise<Finding[]> {
  const { stateDir, spoolMaxBytes } = config;
  const space = await checkSpace(stateDir, spoolMaxBytes);
  if (await exists(stateDir)) return [space, await checkSyncs(stateDir, context)];
  return [space, notChecked('disk syncs', `${stateDir} is not there yet; the first start makes it`)];
}

async function checkSpace(stateDir: string, spoolMaxBytes: number | undefined): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(await nearestExisting(stateDir));
    const freeBytes = bavail * bsize;
    const spool = join(stateDir, 'spool');
    const spoolBytes = await bytesIn(spool);
    const newSpoolBytes = Math.min(4 * 2 ** 30, freeBytes / 2);
    const maxBytes = spoolMaxBytes ?? ((await exists(spool)) ? await defaultMaxBytes(spool) : newSpoolBytes);
    const words = `${formatSize(freeBytes)} free; the spool may take ${formatSize(maxBytes)}, and its files have ${formatSize(spoolBytes)}`;
    const advice =
      'make room, or set a lower --spool-max-bytes: pushes are refused with 503 when the disk is nearly full';
    if (freeBytes < minFreeBytes) return fault('disk', words, 74, advice);
    return freeBytes + spoolBytes < maxBytes ? warning('disk', words, advice) : ok('disk', words);
  } catch (error) {
    return fault('disk', (error as Error).message, 74, 'look at the disk of the state directory');
  }
}

/** The disk space of a directory's files; 0 for a missing directory. */
async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const stats = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
  return stats.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function nearestExisting(path: string): Promise<string> {
  return dirname(path) === path || (await exists(path)) ? path : nearestExisting(dirname(path));
}

/** Takes the median of several syncs. Each group of pushes waits for one. */
async function checkSyncs(stateDir: string, { clock, pid }: CheckContext): Promise<Finding> {
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
    const medianMs = timesMs.toSorted((a, b) => a - b)[Math.floor(syncs / 2)] ?? 0;
    const words = `a write is on disk after ${medianMs.toFixed(1)} ms`;
    if (medianMs < slowSyncMs) return ok('disk syncs', words);
    return warning(
      'disk syncs',
      words,
      'put the state directory on a faster disk: every push waits for one of these, together with those that come with it',
    );
  } catch (error) {
    return fault(
      'disk syncs',
      (error as Error).message,
      74,
      "the bridge's user must be able to write to the state directory; run doctor as that user",
    );
  }
}
