// Locks a state directory for one process, the owner, by a Unix socket. The kernel closes it when the owner ends.

import { link, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../runtime/make-directory.ts';
import { pathErrorOf } from '../runtime/path-error.ts';

/** Another process owns the state directory. */
export class StateDirectoryTaken extends Error {
  override readonly name = 'StateDirectoryTaken';
  readonly exitCode = 69;
}

/** The socket cannot be made in the state directory. */
class StateDirectoryUnusable extends Error {
  override readonly name: string = 'StateDirectoryUnusable';
  /** After sysexits; see PathError. */
  readonly exitCode: number;
  constructor(directory: string, reason: string, exitCode = 69) {
    super(`state directory ${directory}: ${reason}; or choose another with --state-dir`);
    this.exitCode = exitCode;
  }
}

export interface StateDirectoryLock {
  release(): Promise<void>;
}

/** sun_path of Linux has 108 bytes with the final zero. */
const maxSocketPathBytes = 107;

/**
 * Takes the state directory for this process, and makes the directory where it is missing.
 *
 * The socket is made as `owner.<pid>` and hard-linked to `owner`. The link fails while there is another owner.
 * The socket of a dead owner is moved aside first, and moved back if it turns out to be alive.
 *
 * @throws StateDirectoryTaken with the owner's process id, StateDirectoryUnusable
 */
export async function takeStateDirectory(directory: string, pid: number): Promise<StateDirectoryLock> {
  const ownerPath = join(directory, 'owner');
  const socketPath = `${ownerPath}.${pid}`;
  if (Buffer.byteLength(socketPath) > maxSocketPathBytes) {
    throw new StateDirectoryUnusable(
      directory,
      `its path is too long for a socket in it (at most ${maxSocketPathBytes} bytes with /owner.${pid})`,
    );
  }
  const server = await serveProcessId(socketPath, pid).catch((error: Error) => {
    const { explanation, exitCode } = pathErrorOf(error) ?? { explanation: error.message, exitCode: 69 };
    throw new StateDirectoryUnusable(directory, explanation, exitCode);
  });
  try {
    await linkAsOwner(socketPath, ownerPath, directory);
  } catch (error) {
    await closed(server);
    throw error;
  }
  await removeDeadSockets(directory, socketPath);
  return {
    async release() {
      await rm(ownerPath, { force: true });
      await closed(server);
    },
  };
}

/** A process that is killed leaves its `owner.<pid>` behind. */
async function removeDeadSockets(directory: string, socketPath: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^owner\.\d+(\.stale)?$/.test(name));
  for (const path of names.map((name) => join(directory, name))) {
    if (path !== socketPath && (await processIdAt(path)) === undefined) await rm(path, { force: true });
  }
}

async function linkAsOwner(socketPath: string, ownerPath: string, directory: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await link(socketPath, ownerPath);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = await processIdAt(ownerPath);
    if (pid !== undefined) throw takenError(directory, pid);
    await moveAside(ownerPath, `${socketPath}.stale`, directory);
  }
  throw new StateDirectoryTaken(`state directory ${directory}: another process is taking it`);
}

async function moveAside(path: string, aside: string, directory: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const pid = await processIdAt(aside);
  if (pid === undefined) return rm(aside, { force: true });
  await rename(aside, path);
  throw takenError(directory, pid);
}

function takenError(directory: string, pid: string): StateDirectoryTaken {
  const orNone = /^\d+$/.test(pid) ? '' : `; where there is none, remove ${join(directory, 'owner')}`;
  return new StateDirectoryTaken(
    `state directory ${directory}: process ${pid} uses it; stop it, or choose another with --state-dir${orNone}`,
  );
}

async function serveProcessId(path: string, pid: number): Promise<Server> {
  makeDirectory(dirname(path), 0o700);
  await rm(path, { force: true });
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${pid}\n`);
    });
    server.once('error', reject);
    server.listen(path, () => resolve(server));
    server.unref();
  });
}

/** The kernel accepts connections for a stopped process, which then does not answer. */
const answerTimeoutMs = 2000;

/**
 * Reads the process id from a socket; undefined if no process listens. A process that cannot be queried, because it is
 * stopped or another user's, yields a description.
 */
function processIdAt(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = '';
    socket.setEncoding('utf8');
    socket.setTimeout(answerTimeoutMs, () => {
      resolve('of unknown id');
      socket.destroy();
    });
    socket.on('data', (chunk: string) => void (answer += chunk));
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : `of another user (${code})`),
    );
    socket.on('close', () => resolve(answer === '' ? undefined : answer.trim()));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
