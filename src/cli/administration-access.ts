// Opens the administration of a state directory: over HTTP while a bridge runs in it, otherwise on the store itself.

import type { Command } from 'commander';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { adminClient } from '../admin/admin-client.ts';
import { readAdminFile } from '../admin/admin-file.ts';
import { type Administration, administration } from '../admin/administration.ts';
import type { Config } from '../config/config.ts';
import { StateDirectoryTaken, takeStateDirectory } from '../daemon/state-directory-lock.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { pathErrorOf } from '../runtime/path-error.ts';
import type { CommandContext, Output } from './command-context.ts';
import { type Confirm, confirmation } from './confirmation.ts';
import { CommandError } from './exit-codes.ts';
import { commandConfig, commandLog } from './load-config.ts';

export interface AdministrationAccess {
  readonly administration: Administration;
  /** True: the administration is that of a running bridge. */
  readonly isRunning: boolean;
  close(): Promise<void>;
}

interface AccessContext {
  readonly clock: Clock;
  readonly pid: number;
  /** Ends requests to a running bridge. */
  readonly signal: AbortSignal;
}

/** A process is starting or stopping in the state directory, or another command has its store open. */
export class StoreBusy extends CommandError {
  override readonly name = 'StoreBusy';
  constructor(stateDir: string) {
    super(
      `state directory ${stateDir}: a process uses it and has written no admin.json; it is starting, stopping, or another command`,
    );
  }
}

/** No bridge has run with the state directory. */
export class NoStore extends CommandError {
  override readonly name = 'NoStore';
  constructor(stateDir: string) {
    super(`state directory ${stateDir}: there is no spool in it; no bridge has run with it`);
  }
}

/**
 * Takes the state directory, unless a bridge uses it, until `close`.
 *
 * @throws NoStore, StoreBusy, another CommandError, or the errors of openSpool
 */
export async function openAdministration(
  config: Config,
  log: Log,
  { clock, pid, signal }: AccessContext,
): Promise<AdministrationAccess> {
  const { stateDir } = config;
  await refuseWithoutStore(stateDir);
  try {
    const { release } = await takeStateDirectory(stateDir, pid);
    try {
      return await openStore(config, log, clock, release);
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof StateDirectoryTaken)) throw error;
    return { administration: await connect(stateDir, signal), isRunning: true, close: async () => {} };
  }
}

async function refuseWithoutStore(stateDir: string): Promise<void> {
  try {
    const names = await readdir(join(stateDir, 'spool'));
    if (names.some(isStoreFile)) return;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const { explanation, exitCode } = pathErrorOf(error) ?? { explanation: message, exitCode: 69 };
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      throw new CommandError(`state directory ${stateDir}: ${explanation}`, exitCode);
  }
  throw new NoStore(stateDir);
}

/** True for the names of a store's own files in spool/, those of an earlier version included. */
export function isStoreFile(name: string): boolean {
  return /^checkpoint|\.segment$|^data\.mdb$/.test(name);
}

async function connect(stateDir: string, signal: AbortSignal): Promise<Administration> {
  const access = await readAdminFile(stateDir);
  if (access !== undefined) return adminClient(access, signal);
  throw new StoreBusy(stateDir);
}

/** Imports the store on demand: a command that asks a running bridge starts faster without it. */
async function openStore(
  config: Config,
  log: Log,
  clock: Clock,
  release: () => Promise<void>,
): Promise<AdministrationAccess> {
  const { stateDir, spoolMaxBytes, metrics, catchpoint } = config;
  const [{ checkDirectory }, { defaultMaxBytes }, { openSpool }, { letterRetry }, { slicer }, { knownNodes }] =
    await Promise.all([
      import('../spool/disk/directory-check.ts'),
      import('../spool/disk/default-max-bytes.ts'),
      import('../spool/spool.ts'),
      import('../sources/catchpoint/letters.ts'),
      import('../sources/catchpoint/slices.ts'),
      import('../sources/catchpoint/nodes/known-nodes.ts'),
    ]);
  const directory = join(stateDir, 'spool');
  checkDirectory(directory);
  const spool = await openSpool({ directory, maxBytes: spoolMaxBytes ?? (await defaultMaxBytes(directory)), clock });
  const close = async (): Promise<void> => {
    await spool.close();
    await release();
  };
  try {
    await spool.runKeysRead();
    const retryLetter = letterRetry({
      deliver: spool.append,
      hasRoomFor: spool.parking.hasRoomFor,
      directory: await knownNodes(stateDir, catchpoint.nodesFile, log),
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

export interface Terminal {
  readonly confirm: Confirm;
  /** Resolves when stdout takes more; rejects after the signal. */
  readonly write: (text: string) => Promise<void>;
}

/** After Ctrl-C, or when the reader of stdout closes it. */
const interrupted = 1;

/** Runs `act` with the administration of the command's state directory. A `--yes` answers all questions. */
export async function withAdministration(
  command: Command,
  context: CommandContext,
  act: (access: AdministrationAccess, terminal: Terminal) => Promise<number>,
): Promise<number> {
  const { config } = commandConfig(command, context);
  const { clock, pid, stop: signal, stderr, stdout } = context;
  const { yes = false } = command.opts<{ readonly yes?: boolean }>();
  const access = await openAdministration(config, commandLog(config, stderr), { clock, pid, signal });
  try {
    return await act(access, {
      confirm: confirmation(context, yes),
      write: (text) => write(stdout, text, signal),
    });
  } catch (error) {
    if (signal.aborted) return interrupted;
    throw error;
  } finally {
    await access.close();
  }
}

async function write(stdout: Output, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (stdout.write(text)) return;
  await new Promise<void>((resolve) => {
    stdout.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
