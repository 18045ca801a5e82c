// `spool verify`: looks for damage in what is stored.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Ownership, StateDirectoryTaken, takeStateDirectory } from '../../daemon/state-directory-lock.ts';
import { checkDirectory } from '../../spool/disk/directory-check.ts';
import { verifySpool } from '../../spool/verify.ts';
import { loadConfig } from '../load-config.ts';
import { flagsOf, settingOptions } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';

export function addVerify(command: Command, surroundings: CommandContext, bound: Bound): void {
  const { env, stdout, pid, stop } = surroundings;
  command
    .description('look for damage in the spool; exit code 1 when there is some')
    .helpOption('-h, --help', 'print this help');
  for (const option of settingOptions()) command.addOption(option);
  command.option('--json', 'for programs').action(
    bound(async (given) => {
      const { config } = loadConfig(flagsOf(given), env, { needsNodes: false });
      const { json = false } = given.opts<{ json?: boolean }>();
      const write = (text: string): void => void stdout.write(text);
      return verify({ stateDir: config.stateDir, pid, signal: stop, json, write });
    }),
  );
}

export interface VerifyOptions {
  readonly stateDir: string;
  readonly pid: number;
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly write: (text: string) => void;
}

/** Writes what is damaged, a line each. Resolves with 0 when nothing is, else 1. Throws UnknownFormat and PathUnusable. */
export async function verify({ stateDir, pid, signal, json, write }: VerifyOptions): Promise<0 | 1> {
  const directory = join(stateDir, 'spool');
  if (
    !existsSync(directory) ||
    !readdirSync(directory).some((name) => /\.segment$|^checkpoint|^data\.mdb$/.test(name))
  ) {
    write(
      json ? '{"damage":[],"segments":0,"frames":0,"hasFormerStore":false}\n' : `there is no spool in ${stateDir}\n`,
    );
    return 0;
  }
  const owner = await owned(stateDir, pid);
  try {
    checkDirectory(directory);
    const found = await verifySpool(directory, { isRunning: owner === undefined, signal });
    const { damage, segments, frames } = found;
    const sum =
      damage.length === 0
        ? `the spool is sound: ${frames} frames in ${segments} segments`
        : `the spool is damaged: ${damage.length} faults`;
    write(
      json
        ? `${JSON.stringify(found)}\n`
        : [...damage, ...(found.hasFormerStore ? [formerWords] : []), sum, ''].join('\n'),
    );
    return damage.length === 0 ? 0 : 1;
  } finally {
    await owner?.release();
  }
}

const formerWords = 'the store of an earlier version (data.mdb) waits to be drained; it is not looked into';

/** While the bridge runs its store is read beside it, as it is at the moment; otherwise nobody is to start it meanwhile. */
async function owned(stateDir: string, pid: number): Promise<Ownership | undefined> {
  try {
    return await takeStateDirectory(stateDir, pid);
  } catch (error) {
    if (error instanceof StateDirectoryTaken) return undefined;
    throw error;
  }
}
