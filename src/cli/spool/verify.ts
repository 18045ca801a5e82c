// `spool verify`: checks the spool for damage.

import type { Command } from 'commander';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type StateDirectoryLock, StateDirectoryTaken, takeStateDirectory } from '../../daemon/state-directory-lock.ts';
import { checkDirectory } from '../../spool/disk/directory-check.ts';
import { type Verification, verifySpool } from '../../spool/verify.ts';
import { isStoreFile } from '../administration-access.ts';
import type { CommandContext } from '../command-context.ts';
import { loadConfig } from '../load-config.ts';
import { flagsOf } from '../setting-options.ts';

/**
 * Writes the damage, a line each. Exit code 1 when there is some, else 0.
 *
 * @throws UnknownFormat and PathUnusable
 */
export async function verifyAction(command: Command, { env, stdout, pid, stop }: CommandContext): Promise<0 | 1> {
  const { stateDir } = loadConfig(flagsOf(command), env, { needsNodes: false }).config;
  const { json = false } = command.opts<{ readonly json?: boolean }>();
  const directory = join(stateDir, 'spool');
  if (!existsSync(directory) || !readdirSync(directory).some(isStoreFile)) {
    const empty: Verification = { damage: [], segments: 0, frames: 0, hasFormerStore: false };
    stdout.write(json ? `${JSON.stringify(empty)}\n` : `there is no spool in ${stateDir}\n`);
    return 0;
  }
  const ownership = await takeUnlessRunning(stateDir, pid);
  try {
    checkDirectory(directory);
    const found = await verifySpool(directory, { isRunning: ownership === undefined, signal: stop });
    stdout.write(json ? `${JSON.stringify(found)}\n` : report(found));
    return found.damage.length === 0 ? 0 : 1;
  } finally {
    await ownership?.release();
  }
}

function report({ damage, segments, frames, hasFormerStore }: Verification): string {
  const legacyStore = 'the store of an earlier version (data.mdb) waits to be drained; it is not looked into';
  const summary =
    damage.length === 0
      ? `the spool is sound: ${frames} frames in ${segments} segments`
      : `the spool is damaged: ${damage.length} faults`;
  return [...damage, ...(hasFormerStore ? [legacyStore] : []), summary, ''].join('\n');
}

/** Keeps a bridge from starting meanwhile. Undefined while one runs; its store is read beside it. */
async function takeUnlessRunning(stateDir: string, pid: number): Promise<StateDirectoryLock | undefined> {
  try {
    return await takeStateDirectory(stateDir, pid);
  } catch (error) {
    if (error instanceof StateDirectoryTaken) return undefined;
    throw error;
  }
}
