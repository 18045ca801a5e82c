// Stores the addresses of a running daemon in a file of its state directory, from which commands read them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Log } from '../runtime/log.ts';

interface ListenAddresses {
  /** Such as http://127.0.0.1:8080 */
  readonly push: string;
  readonly admin: string;
  /** A push with this token is the owner's and passes every check of access control. */
  readonly token?: string;
}

const fileName = 'listening.json';

/** A file that cannot be written is only logged. */
export async function writeAddresses(stateDir: string, addresses: ListenAddresses, log: Log): Promise<void> {
  try {
    await writeFileAtomic(join(stateDir, fileName), `${JSON.stringify(addresses)}\n`, { mode: 0o600 });
  } catch (error) {
    log.warn({ reason: (error as Error).message }, 'commands will not know where the bridge listens');
  }
}

/** The addresses of the daemon that was started last, which may have ended. Undefined without a valid file. */
export async function readAddresses(stateDir: string): Promise<ListenAddresses | undefined> {
  try {
    const text = await readFile(join(stateDir, fileName), 'utf8');
    const { push, admin, token } = JSON.parse(text) as Partial<ListenAddresses>;
    if (typeof push !== 'string' || typeof admin !== 'string') return undefined;
    return { push, admin, ...(typeof token === 'string' && { token }) };
  } catch {
    return undefined;
  }
}
