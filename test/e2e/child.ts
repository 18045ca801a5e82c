// Ends a child process after its test.

import type { ExecutionContext } from 'ava';
import type { ChildProcess } from 'node:child_process';

/** Returns the end of the process: its exit code, or undefined after a signal. */
export function killedAfterTest(
  t: Pick<ExecutionContext, 'teardown'>,
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.teardown(async () => {
    child.kill(signal);
    await ended;
  });
  return ended;
}
