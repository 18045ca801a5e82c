// Asks for confirmation on the terminal before an irreversible action.

import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './command-context.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

/** Resolves with true for a yes. Rejects with exit code 64 where no terminal can answer. */
export type Confirm = (question: string) => Promise<boolean>;

/**
 * Asks on stderr, since stdout may be redirected. `stop` counts as a no.
 *
 * @param yes - answers every question with yes
 */
export function confirmation(
  { stdin, stderr, stop }: Pick<CommandContext, 'stdin' | 'stderr' | 'stop'>,
  yes: boolean,
): Confirm {
  return async (question) => {
    if (yes) return true;
    const input = stdin();
    if (input.isTTY !== true) {
      throw new CommandError(
        `"${question}" wants a yes, and there is no terminal to ask on; --yes says it`,
        exitCodes.usage,
      );
    }
    const lines = createInterface({ input, output: stderr, terminal: true });
    try {
      return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal: stop })).trim());
    } catch (error) {
      if (stop.aborted || (error as Error).name === 'AbortError') return false;
      throw error;
    } finally {
      lines.close();
    }
  };
}
