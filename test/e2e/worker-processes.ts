// The worker processes of a bridge, from /proc.

import { readFile } from 'node:fs/promises';

/** Returns their process ids; none if the owner has ended. */
export async function workersOf(owner: number): Promise<number[]> {
  const text = await readFile(`/proc/${owner}/task/${owner}/children`, 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
  const lines = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return children.filter((_, at) => lines[at]?.endsWith('\0worker\0'));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
