// The error of a fault that needs a tool or a permission that the machine lacks. It names the switch that skips the
// fault. A fault that was not played never passes.

import { spawnSync } from 'node:child_process';
import { allSwitch, rowsSwitch } from './left-out.ts';

export class MissingTool extends Error {
  override readonly name = 'MissingTool';

  /**
   * @param row - a row of the table, such as F11
   * @param tool - its name on a command line
   */
  constructor(row: string, tool: string, why: unknown) {
    const reason = (why instanceof Error ? why.message : String(why)).trim();
    super(
      `${row} cannot be played: ${tool} is missing or not permitted here (${reason}); ${rowsSwitch}=${row} leaves it out, ${allSwitch}=off leaves out all faults`,
    );
  }
}

/**
 * Checks that a tool can be started. Its exit code does not matter, since some tools fail after `--help`.
 *
 * @throws MissingTool
 */
export function requireTool(row: string, command: string, args: readonly string[]): void {
  const { error } = spawnSync(command, args);
  if (error !== undefined) throw new MissingTool(row, command, error);
}

/** Converts the error of a missing program to MissingTool. */
export function asLacking(row: string, error: unknown): unknown {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' && syscall?.startsWith('spawn') === true
    ? new MissingTool(row, path ?? syscall, error)
    : error;
}
