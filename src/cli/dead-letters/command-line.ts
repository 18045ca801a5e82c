// The command line of `dead-letters`: list, show, retry, drop and export.

import type { Command } from 'commander';
import type { LetterQuery } from '../../admin/letter-query.ts';
import { withAdministration } from '../administration-access.ts';
import type { BindAction, CommandContext } from '../command-context.ts';
import { withSettings } from '../setting-options.ts';
import { dropLetters, listLetters, retryLetters, showLetter } from './dead-letters.ts';
import { exportLetters } from './export.ts';

type Operation = 'list' | 'show' | 'retry' | 'drop' | 'export';

export function define(command: Command, bind: BindAction): void {
  command.description('what could not be used: list it, try it again, throw it away');
  const add = (name: Operation, description: string): Command =>
    command
      .command(name)
      .option('--json', name === 'show' ? 'for programs' : 'for programs, a line a letter')
      .description(description);
  const withFilters = (subcommand: Command): Command =>
    subcommand
      .option('--reason <text>', 'those whose reason has this in it')
      .option('--kind <kind>', 'those of this kind, such as rejected or malformed');
  const complete = (subcommand: Command, operation: Operation): Command =>
    withSettings(subcommand).action(bind((given, context) => lettersAction(operation, given, context)));
  const withIds = (subcommand: Command): Command =>
    subcommand.argument('[id...]', 'their ids').option('--all', 'every letter');

  complete(withFilters(add('list', 'every dead letter, the newest first')), 'list');
  complete(add('show', 'all that is known of a letter, with its input').argument('<id>', "the letter's id"), 'show');
  complete(withFilters(withIds(add('retry', 'try letters again'))), 'retry');
  complete(withFilters(withIds(add('drop', 'throw letters away')).option('--yes', 'do not ask')), 'drop');
  complete(
    withFilters(add('export', 'write letters whole, a line of JSON each')).argument(
      '<file>',
      'where to; - is standard output',
    ),
    'export',
  );
}

interface LetterFlags {
  readonly json?: boolean;
  readonly reason?: string;
  readonly kind?: string;
  readonly all?: boolean;
}

async function lettersAction(operation: Operation, command: Command, context: CommandContext): Promise<number> {
  const { json = false } = command.opts<LetterFlags>();
  const query = queryOf(operation, command);
  return withAdministration(command, context, async ({ administration }, { confirm, write }) => {
    const options = { administration, query, json, write };
    switch (operation) {
      case 'list':
        return listLetters(options);
      case 'show':
        return showLetter(options);
      case 'retry':
        return retryLetters(options);
      case 'drop':
        return dropLetters({ ...options, confirm });
      case 'export':
        return exportLetters({ ...options, file: command.args[0] ?? '-' });
    }
  });
}

/** Retry and drop need ids, or filters, or --all. */
function queryOf(operation: Operation, command: Command): LetterQuery {
  const { reason, kind, all = false } = command.opts<LetterFlags>();
  const ids = operation === 'export' ? [] : command.args;
  const filters = { ...(kind === undefined ? {} : { kind }), ...(reason === undefined ? {} : { reason }) };
  const hasFilters = Object.keys(filters).length > 0;
  if (operation === 'retry' || operation === 'drop') {
    if (ids.length > 0 && (all || hasFilters))
      command.error('error: expected ids, or else --all, --reason or --kind, found both');
    if (all && hasFilters) command.error('error: expected --all, or else --reason or --kind, found both');
    if (ids.length === 0 && !all && !hasFilters)
      command.error('error: expected ids, --all, --reason or --kind, found none of them');
  }
  return { ...filters, ...(ids.length === 0 ? {} : { ids }) };
}
