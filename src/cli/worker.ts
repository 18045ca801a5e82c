// `worker`, for the program's own use: takes requests for the bridge that has started it with `--workers`.

import type { Command } from 'commander';
import type { Bound, CommandContext } from './command-context.ts';

export function addWorker(command: Command, { owner, clock, stderr }: CommandContext, bound: Bound): void {
  command.action(
    bound(async () => {
      if (owner === undefined)
        throw Object.assign(new Error('worker: expected to be started by `run --workers`, found no bridge that has'), {
          exitCode: 64,
        });
      const { work } = await import('../workers/worker.ts');
      return work(owner(), { clock, stderr });
    }),
  );
}
