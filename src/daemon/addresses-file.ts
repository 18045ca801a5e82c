// Where the daemon of a state directory listens, told in a file, so that a command finds the daemon that runs there
// whatever its settings are.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Log } from '../runtime/log.ts';

export interface ListenAddresses {
  /** Such as http://127.0.0.1:8080 */
  readonly push: string;
  readonly admin: string;
  /** With it a push is let in as the owner's. */
  readonly token?: string;
}

const name = 'listening.json';

/** Tells where the daemon listens. What cannot be told is no reason not to listen. */
export async function writeAddresses(stateDir: string, listening: ListenAddresses, log: Log): Promise<void> {
  try {
    await writeFileAtomic(join(stateDir, name), `${JSON.stringify(listening)}\n`, { mode: 0o600 });
  } catch (error) {
    log.warn({ reason: (error as Error).message }, 'commands will not know where the bridge listens');
  }
}

/** Where the daemon that was started last listens or listened; undefined when none has told. */
export async function readAddresses(stateDir: string): Promise<ListenAddresses | undefined> {
  try {
    const { push, admin, token } = JSON.parse(await readFile(join(stateDir, name), 'utf8')) as Partial<ListenAddresses>;
    return typeof push === 'string' && typeof admin === 'string'
      ? { push, admin, ...(typeof token === 'string' && { token }) }
      : undefined;
  } catch {
    return undefined;
  }
}
