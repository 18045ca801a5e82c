// Reads a command's configuration: its flags, the environment and the configuration file.

import type { Command } from 'commander';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Config,
  type ConfigRead,
  readConfig,
  type ReadConfigOptions,
  WrongConfiguration,
} from '../config/config.ts';
import { environmentNameOf } from '../config/settings/names.ts';
import { type Environment, faultAt, type Flags, type Origin } from '../config/settings/origins.ts';
import { type Log, openLog } from '../runtime/log.ts';
import type { CommandContext, Output } from './command-context.ts';
import { flagsOf } from './setting-options.ts';

/** The file operations that reading a configuration needs. */
export const files = { readFile, canWriteIn, stampOf } as const;

/** @throws WrongConfiguration */
export function loadConfig(flags: Flags, env: Environment, options: ReadConfigOptions): ConfigRead {
  return readConfig({ flags, env, file: configFile(flags, env), ...files }, options);
}

/**
 * Reads the configuration of a command and writes its warnings to stderr.
 *
 * @throws WrongConfiguration
 */
export function commandConfig(
  command: Command,
  { env, stderr }: Pick<CommandContext, 'env' | 'stderr'>,
  needsNodes = false,
): ConfigRead {
  const read = loadConfig(flagsOf(command), env, { needsNodes });
  for (const warning of read.warnings) stderr.write(`warning: ${warning}\n`);
  return read;
}

/** The log of a command that prints its result: the default level is `warn`. */
export function commandLog({ log }: Config, stderr: Output): Log {
  return openLog({ ...log, level: log.level === 'info' ? 'warn' : log.level, destination: stderr });
}

/** The message of a system error without the system call and the path. */
export function withoutCall({ message }: Error): string {
  return message.replace(/, \w+( '.*')?$/s, '');
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

/** The caller's message names the path already. */
function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(withoutCall(error as Error), { cause: error });
  }
}

/** Differs once the file is written or replaced. */
function stampOf(path: string): string | undefined {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return [ino, mtimeMs, size].join(' ');
  } catch {
    return undefined;
  }
}

/** Checks the directory, or its nearest ancestor that exists. */
function canWriteIn(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing && dirname(path) !== path && canWriteIn(dirname(path));
  }
}
