// What a fault needs of the machine and does not find there: it fails then, in words that name it and the switch that leaves
// the fault out. Nothing that was not played passes.

import { spawnSync } from 'node:child_process';
import { allSwitch, rowsSwitch } from './left-out.ts';

/** Thrown by whatever plays a fault and cannot. */
export class Lacking extends Error {
  override readonly name = 'Lacking';

  /**
   * @param row - the row of the table that is then not played, such as F11
   * @param means - the tool, as it is called on a command line
   */
  constructor(row: string, means: string, why: unknown) {
    const reason = (why instanceof Error ? why.message : String(why)).trim();
    super(
      `${row} cannot be played: ${means} is missing or not permitted here (${reason}); ${rowsSwitch}=${row} leaves it out, ${allSwitch}=off leaves out all faults`,
    );
  }
}

/**
 * Runs a tool to see whether it is there, however it ends: one that is only to show its help may call that a failure.
 *
 * @throws Lacking when it cannot be started
 */
export function requireTool(row: string, command: string, args: readonly string[]): void {
  const { error } = spawnSync(command, args);
  if (error !== undefined) throw new Lacking(row, command, error);
}

/** The same error, or a Lacking where it says that a program is not there. */
export function asLacking(row: string, error: unknown): unknown {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' && syscall?.startsWith('spawn') === true ? new Lacking(row, path ?? syscall, error) : error;
}
