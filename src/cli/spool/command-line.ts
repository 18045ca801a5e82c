// The command line of `spool`: status, drop and verify.

import type { Command } from 'commander';
import { withAdministration } from '../administration-access.ts';
import type { BindAction, CommandContext } from '../command-context.ts';
import { withSettings } from '../setting-options.ts';
import { dropBacklog, showSpool } from './status.ts';
import { verifyAction } from './verify.ts';

export function define(command: Command, bind: BindAction): void {
  command.description('what waits for OpenTSDB: look at it, throw it away');
  withSettings(
    command.command('status').description('what waits, for whom and since when').option('--json', 'for programs'),
  ).action(bind(statusAction));
  withSettings(
    command
      .command('drop')
      .description('throw away what waits for a sink')
      .option('--sink <name>', 'whose, where there are several')
      .option('--yes', 'do not ask')
      .option('--json', 'for programs'),
  ).action(bind(dropAction));
  withSettings(command.command('verify').description('look for damage in the spool; exit code 1 when there is some'))
    .option('--json', 'for programs')
    .action(bind(verifyAction));
}

interface SpoolFlags {
  readonly json?: boolean;
  readonly sink?: string;
}

async function statusAction(command: Command, context: CommandContext): Promise<number> {
  const { json = false } = command.opts<SpoolFlags>();
  return withAdministration(command, context, ({ administration, isRunning }, { write }) =>
    showSpool({ administration, isRunning, nowMs: context.clock.now(), json, write }),
  );
}

async function dropAction(command: Command, context: CommandContext): Promise<number> {
  const { json = false, sink } = command.opts<SpoolFlags>();
  return withAdministration(command, context, ({ administration }, { confirm, write }) =>
    dropBacklog({ administration, json, write, sink, confirm }),
  );
}
