// `worker`: takes requests for the bridge that started it with `--workers`.

import type { Command } from 'commander';
import type { BindAction, CommandContext } from './command-context.ts';

export function define(command: Command, bind: BindAction): void {
  command.action(bind(workerAction));
}

async function workerAction(_: Command, { owner, clock, stderr }: CommandContext): Promise<number> {
  if (owner === undefined) {
    throw Object.assign(new Error('worker: expected to be started by `run --workers`, found no bridge that has'), {
      exitCode: 64,
    });
  }
  const { work } = await import('../workers/worker.ts');
  return work(owner(), { clock, stderr });
}
