// How many files the process may have open, as Linux tells it.

import { readFile } from 'node:fs/promises';

/** Undefined where it is not told, or unlimited. Node has raised the soft limit to the hard one at its start. */
export async function maxOpenFiles(): Promise<number | undefined> {
  try {
    const limits = await readFile('/proc/self/limits', 'utf8');
    const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
    return Number.isSafeInteger(files) ? files : undefined;
  } catch {
    return undefined;
  }
}
