// One daemon to a state directory: its owner answers on a socket in it, which the kernel closes when the owner dies.

import { link, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../runtime/make-directory.ts';
import { pathErrorOf } from '../runtime/path-error.ts';

/** Somebody else owns the state directory. */
export class StateDirectoryTaken extends Error {
  override readonly name = 'StateDirectoryTaken';
  readonly exitCode = 69;
}

/** Nothing can be kept in the state directory. */
export class StateDirectoryUnusable extends Error {
  override readonly name: string = 'StateDirectoryUnusable';
  /** After sysexits; see Obstacle. */
  readonly exitCode: number;
  constructor(directory: string, why: string, exitCode = 69) {
    super(`state directory ${directory}: ${why}; or choose another with --state-dir`);
    this.exitCode = exitCode;
  }
}

export interface Ownership {
  release(): Promise<void>;
}

/** Linux keeps 108 bytes for a socket's path, the last of them a zero. */
const maxSocketPathBytes = 107;

/**
 * Takes the state directory for this process.
 *
 * The socket is made under a name of its own and linked to the common one, which fails when there is one; a dead
 * owner's is moved aside first, and moved back if it turns out to be alive.
 *
 * The directory is made when there is none.
 *
 * @throws StateDirectoryTaken, which names the owner's process id, and StateDirectoryUnusable
 */
export async function takeStateDirectory(directory: string, pid: number): Promise<Ownership> {
  const path = join(directory, 'owner');
  const own = `${path}.${pid}`;
  if (Buffer.byteLength(own) > maxSocketPathBytes) {
    throw new StateDirectoryUnusable(
      directory,
      `its path is too long for a socket in it (at most ${maxSocketPathBytes} bytes with /owner.${pid})`,
    );
  }
  const server = await answerWithPid(own, pid).catch((error: Error) => {
    const { words, exitCode } = pathErrorOf(error) ?? { words: error.message, exitCode: 69 };
    throw new StateDirectoryUnusable(directory, words, exitCode);
  });
  try {
    await linkAsOwner(own, path, directory);
  } catch (error) {
    await closed(server);
    throw error;
  }
  await removeDeadSockets(directory, own);
  return {
    async release() {
      await rm(path, { force: true });
      await closed(server);
    },
  };
}

/** A process that was killed leaves the name that it had made its socket under. */
async function removeDeadSockets(directory: string, own: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^owner\.\d+(\.stale)?$/.test(name));
  for (const path of names.map((name) => join(directory, name))) {
    if (path !== own && (await pidAt(path)) === undefined) await rm(path, { force: true });
  }
}

async function linkAsOwner(own: string, path: string, directory: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await link(own, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    await refuseIfAlive(path, directory);
    await moveAside(path, `${own}.stale`, directory);
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
  const alive = await pidAt(aside);
  if (alive !== undefined) await rename(aside, path);
  else await rm(aside, { force: true });
  if (alive !== undefined) throw taken(directory, alive);
}

async function refuseIfAlive(path: string, directory: string): Promise<void> {
  const pid = await pidAt(path);
  if (pid !== undefined) throw taken(directory, pid);
}

function taken(directory: string, pid: string): StateDirectoryTaken {
  const orNone = /^\d+$/.test(pid) ? '' : `; where there is none, remove ${join(directory, 'owner')}`;
  return new StateDirectoryTaken(
    `state directory ${directory}: process ${pid} uses it; stop it, or choose another with --state-dir${orNone}`,
  );
}

async function answerWithPid(path: string, pid: number): Promise<Server> {
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

/** A stopped process is connected to by the kernel, but says nothing. */
const maxSilenceMs = 2000;

/** What the process behind the socket says its id is; undefined when there is none. One of another user is there, though it cannot be asked. */
function pidAt(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let said = '';
    socket.setEncoding('utf8');
    socket.setTimeout(maxSilenceMs, () => {
      resolve('of unknown id');
      socket.destroy();
    });
    socket.on('data', (chunk: string) => void (said += chunk));
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : `of another user (${code})`),
    );
    socket.on('close', () => resolve(said === '' ? undefined : said.trim()));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
