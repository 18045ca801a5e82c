// The administration that a command speaks to: that of the bridge that runs, and while none runs the one over the store itself.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readAdminFile } from '../admin/admin-file.ts';
import { type Administration, administration } from '../admin/administration.ts';
import { adminClient } from '../admin/admin-client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../runtime/log.ts';
import { pathErrorOf } from '../runtime/path-error.ts';
import { StateDirectoryTaken, takeStateDirectory } from '../daemon/state-directory-lock.ts';

export interface OwnerAccess {
  readonly administration: Administration;
  /** Whether a bridge runs, and this is its own. */
  readonly isRunning: boolean;
  close(): Promise<void>;
}

export interface OwnerAccessOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly pid: number;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** There is nobody to ask, and nothing to open. */
class NothingKept extends Error {
  override readonly name = 'NothingKept';
  /** After sysexits. */
  readonly exitCode: number;
  constructor(message: string, exitCode = 69) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Takes the state directory where nobody owns it, so that no bridge starts meanwhile, and opens what is kept there.
 *
 * @throws NothingKept when there is neither a bridge nor a store
 */
export async function accessOwner(options: OwnerAccessOptions): Promise<OwnerAccess> {
  const { stateDir } = options.config;
  await refuseWithoutStore(stateDir);
  try {
    const { release } = await takeStateDirectory(stateDir, options.pid);
    try {
      return await openKept(options, release);
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof StateDirectoryTaken)) throw error;
    return { administration: await ofRunning(stateDir, options.signal), isRunning: true, close: async () => {} };
  }
}

async function refuseWithoutStore(stateDir: string): Promise<void> {
  try {
    const names = await readdir(join(stateDir, 'spool'));
    if (!names.some((name) => /^checkpoint|\.segment$|^data\.mdb$/.test(name)))
      throw Object.assign(new Error('empty'), { code: 'ENOENT' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const { words, exitCode } = pathErrorOf(error) ?? { words: message, exitCode: 69 };
    if (!isMissing) throw new NothingKept(`state directory ${stateDir}: ${words}`, exitCode);
    throw new NothingKept(`state directory ${stateDir}: there is no spool in it; no bridge has run with it`);
  }
}

async function ofRunning(stateDir: string, signal: AbortSignal): Promise<Administration> {
  const found = await readAdminFile(stateDir);
  if (found !== undefined) return adminClient(found, signal);
  throw new NothingKept(
    `state directory ${stateDir}: a process uses it and has written no admin.json; it is starting, stopping, or another command`,
  );
}

/** Loaded only now: a command that asks a running bridge needs nothing of it. */
async function openKept(
  { config, clock, log }: OwnerAccessOptions,
  release: () => Promise<void>,
): Promise<OwnerAccess> {
  const { stateDir, spoolMaxBytes, metrics } = config;
  const [{ checkDirectory }, { defaultMaxBytes }, { openSpool }, { letterRetry }, { slicer }] = await Promise.all([
    import('../spool/disk/directory-check.ts'),
    import('../spool/disk/default-max-bytes.ts'),
    import('../spool/spool.ts'),
    import('../sources/catchpoint/letters.ts'),
    import('../sources/catchpoint/slices.ts'),
  ]);
  const directory = join(stateDir, 'spool');
  checkDirectory(directory);
  const spool = await openSpool({ directory, maxBytes: spoolMaxBytes ?? (await defaultMaxBytes(directory)), clock });
  const close = async (): Promise<void> => {
    await spool.close();
    await release();
  };
  try {
    const retryLetter = letterRetry({
      deliver: spool.append,
      hasRoomFor: spool.parking.hasRoomFor,
      directory: await keptDirectory(config, log),
      slice: slicer(metrics),
      clock,
      extras: metrics.timings,
      missed: () => {},
    });
    return { administration: administration({ spool, retryLetter, clock }), isRunning: false, close };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** The nodes as the bridge has kept them; before its first refresh, those of a nodes file. */
async function keptDirectory({ stateDir, catchpoint }: Config, log: Log) {
  const [{ nodeDirectory }, { directoryFile }, { readNodesFile }] = await Promise.all([
    import('../sources/catchpoint/nodes/node.ts'),
    import('../sources/catchpoint/nodes/directory-file.ts'),
    import('../sources/catchpoint/nodes/nodes-file.ts'),
  ]);
  const directory = nodeDirectory();
  const kept = await directoryFile({ stateDir, log }).read();
  if (kept !== undefined) directory.replace(kept.nodes, kept.refreshedAtMs);
  else if (catchpoint.nodesFile !== undefined) directory.replace((await readNodesFile(catchpoint.nodesFile)).nodes, 0);
  return directory;
}
