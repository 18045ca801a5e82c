// admin.json: the address and the token of the administration, readable only by the user of the bridge.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

export interface AdminAccess {
  /** The admin listener, such as http://127.0.0.1:8081 */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string;
}

export const adminFileOf = (stateDir: string): string => join(stateDir, 'admin.json');

export async function writeAdminFile(stateDir: string, { url, token }: AdminAccess): Promise<void> {
  await writeFileAtomic(adminFileOf(stateDir), `${JSON.stringify({ url, token }, undefined, 2)}\n`, { mode: 0o600 });
}

export function removeAdminFile(stateDir: string): Promise<void> {
  return rm(adminFileOf(stateDir), { force: true });
}

/** Undefined without the file. @throws the error of the system, or an Error for a file with other contents */
export async function readAdminFile(stateDir: string): Promise<AdminAccess | undefined> {
  const path = adminFileOf(stateDir);
  try {
    const { url, token } = JSON.parse(await readFile(path, 'utf8')) as Partial<AdminAccess>;
    if (typeof url === 'string' && URL.canParse(url) && typeof token === 'string') return { url, token };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error(`${path}: expected an object with url and token, found something else`);
}
