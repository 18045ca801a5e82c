// Reads the configuration of a command from the machine: its flags, the environment and the files that these name.

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ConfigRead, readConfig, type ReadConfigOptions, WrongConfiguration } from '../config/config.ts';
import { environmentNameOf } from '../config/settings/names.ts';
import { type Environment, faultAt, type Flags, type Origin } from '../config/settings/origins.ts';
import type { CommandContext } from './command-context.ts';

/** @throws WrongConfiguration */
export function loadConfig(flags: Flags, env: Environment, options: ReadConfigOptions): ConfigRead {
  return readConfig({ flags, env, file: configFile(flags, env), readFile, canWriteIn, stampOf }, options);
}

/** The configuration of a command that does not log: warnings go to the terminal. Throws WrongConfiguration. */
export function loadedQuietly(
  flags: Flags,
  { env, stderr }: Pick<CommandContext, 'env' | 'stderr'>,
  needsNodes: boolean,
): ConfigRead {
  const read = loadConfig(flags, env, { needsNodes });
  for (const warning of read.warnings) stderr.write(`warning: ${warning}\n`);
  return read;
}

function configFile(flags: Flags, env: Environment): { readonly path: string; readonly text: string } | undefined {
  const variable = environmentNameOf('config');
  const path = flags.config ?? env[variable];
  if (typeof path !== 'string' || path === '') return undefined;
  try {
    return { path, text: readFile(path) };
  } catch (error) {
    const origin: Origin = flags.config === undefined ? { rank: 2, where: variable } : { rank: 3, where: '--config' };
    throw new WrongConfiguration([faultAt(origin, `${path}: ${(error as Error).message}`)]);
  }
}

/** The system's error without the path, which stands before it already. */
function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error((error as Error).message.replace(/, \w+( '.*')?$/s, ''), { cause: error });
  }
}

/** A file that was written or replaced has another one. */
function stampOf(path: string): string | undefined {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return [ino, mtimeMs, size].join(' ');
  } catch {
    return undefined;
  }
}

/** Whether the directory, or the nearest one above it that there is, can be written. */
function canWriteIn(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing && dirname(path) !== path && canWriteIn(dirname(path));
  }
}
