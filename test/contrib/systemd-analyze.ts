// Reads systemd units: by systemd-analyze, and by their keys.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Returns the values of a key in order. */
export function unitValues(unit: string, key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

export interface Analysis {
  readonly code: number;
  /** The lines about these files. */
  readonly output: string;
}

/** Runs systemd-analyze on a unit. @throws if there is no systemd-analyze */
export async function analysis(path: string, ...args: readonly string[]): Promise<Analysis> {
  const ours = (output: string): string =>
    output
      .split('\n')
      .filter((line) => line.includes('catchpoint'))
      .join('\n');
  const env = { ...process.env, SYSTEMD_PAGER: '', SYSTEMD_COLORS: '0' };
  try {
    const { stdout, stderr } = await run('systemd-analyze', [...args, path], { env });
    return { code: 0, output: ours(stdout + stderr) };
  } catch (error) {
    const { code, stdout, stderr, message } = error as {
      readonly code: number | string;
      readonly stdout: string;
      readonly stderr: string;
      readonly message: string;
    };
    if (typeof code === 'string')
      throw new Error(`systemd-analyze, of Debian's package systemd, cannot be run: ${message}`, { cause: error });
    return { code, output: ours(stdout + stderr) };
  }
}
