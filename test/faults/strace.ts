// Attaches strace to a running process.

import { type ChildProcess, spawn } from 'node:child_process';
import { MissingTool } from './missing-tool.ts';
import type { Closing } from './stage.ts';

export interface Attached {
  /** The process goes on. */
  end(): Promise<void>;
}

/**
 * Attaches to all threads of a process, also to later ones. `closing` detaches.
 *
 * @throws MissingTool if there is no strace, or no permission
 */
export async function attach(row: string, pid: number, flags: readonly string[], closing: Closing): Promise<Attached> {
  const strace = spawn('strace', ['-f', '-p', String(pid), ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => strace.once('close', () => resolve()));
  try {
    await attached(strace, ended);
  } catch (error) {
    throw new MissingTool(row, 'strace', error);
  }
  async function end(): Promise<void> {
    strace.kill('SIGINT');
    await ended;
  }
  closing.teardown(end);
  return { end };
}

/** Rejects with its output if it ends instead. */
function attached(strace: ChildProcess, ended: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    strace.stderr?.on('data', (data: Buffer) => {
      output += data.toString();
      if (/Process \d+ attached/.test(output)) resolve();
    });
    strace.once('error', reject);
    void ended.then(() => reject(new Error(output)));
  });
}
