// `worker`: takes requests for the bridge that started it with `--workers`.

import type { Command } from 'commander';
import type { BindAction, CommandContext } from './command-context.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

export function define(command: Command, bind: BindAction): void {
  command.action(bind(workerAction));
}

async function workerAction(_: Command, { owner, clock, stderr }: CommandContext): Promise<number> {
  if (owner === undefined) {
    throw new CommandError(
      'worker: expected to be started by `run --workers`, found no bridge that has',
      exitCodes.usage,
    );
  }
  const { work } = await import('../workers/worker.ts');
  return work(owner(), { clock, stderr });
}
