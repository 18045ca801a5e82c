// The command line of `nodes diff`.

import type { Command } from 'commander';
import { openLog } from '../../runtime/log.ts';
import { loadedQuietly } from '../load-config.ts';
import { flagsOf } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';

export function addNodesDiff(command: Command, surroundings: CommandContext, bound: Bound): void {
  command
    .argument(
      '[before]',
      'stored (the directory as it is kept), fresh (read now), v1 or v2 (read now by that API), or a file of nodes',
      'stored',
    )
    .argument('[after]', 'the same', 'fresh')
    .action(bound((given) => diffAction(given, surroundings)));
}

async function diffAction(command: Command, surroundings: CommandContext): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, false);
  const { clock, random, stop, stdout, stderr } = surroundings;
  const { nodesDiff } = await import('./nodes-diff.ts');
  const log = openLog({
    ...config.log,
    level: config.log.level === 'info' ? 'warn' : config.log.level,
    destination: stderr,
  });
  const [before = 'stored', after = 'fresh'] = command.processedArgs as (string | undefined)[];
  const { json = false } = command.opts<{ json?: boolean }>();
  return nodesDiff({
    config,
    clock,
    random,
    log,
    json,
    before,
    after,
    signal: stop,
    write: (text) => void stdout.write(text),
  });
}
