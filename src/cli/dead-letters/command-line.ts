// The command lines of `dead-letters` and `spool`, which look at what is kept and change it.

import type { Command } from 'commander';
import type { LetterQuery } from '../../admin/letter-query.ts';
import { openLog } from '../../runtime/log.ts';
import { loadedQuietly } from '../load-config.ts';
import type { OwnerAccess } from '../owner-access.ts';
import { type Ask, confirmation } from '../confirmation.ts';
import { flagsOf, withSettings } from '../setting-options.ts';
import type { Bound, Output, CommandContext } from '../command-context.ts';

export function addDeadLetters(command: Command, surroundings: CommandContext, bound: Bound): void {
  command.helpOption('-h, --help', 'print this help');
  const add = (name: string, description: string): Command =>
    command.command(name).option('--json', 'for programs, a line a letter').description(description);
  const narrowed = (line: Command): Command =>
    line
      .option('--reason <text>', 'those whose reason has this in it')
      .option('--kind <kind>', 'those of this kind, such as rejected or malformed');
  const finished = (line: Command, action: LetterAction): void =>
    void withSettings(line).action(bound((given) => lettersAction(action, given, surroundings)));

  finished(narrowed(add('list', 'every dead letter, the newest first')), 'list');
  finished(add('show', 'all that is known of a letter, with its input').argument('<id>', "the letter's id"), 'show');
  finished(
    narrowed(add('retry', 'try letters again').argument('[id...]', 'their ids').option('--all', 'every letter')),
    'retry',
  );
  finished(
    narrowed(
      add('drop', 'throw letters away')
        .argument('[id...]', 'their ids')
        .option('--all', 'every letter')
        .option('--yes', 'do not ask'),
    ),
    'drop',
  );
  finished(
    narrowed(add('export', 'write letters whole, a line of JSON each')).argument(
      '<file>',
      'where to; - is standard output',
    ),
    'export',
  );
}

export function addSpool(command: Command, surroundings: CommandContext, bound: Bound): void {
  command.helpOption('-h, --help', 'print this help');
  withSettings(
    command.command('status').option('--json', 'for programs'),
    'what waits, for whom and since when',
  ).action(bound((given) => spoolAction('status', given, surroundings)));
  withSettings(
    command
      .command('drop')
      .option('--sink <name>', 'whose, where there are several')
      .option('--yes', 'do not ask')
      .option('--json', 'for programs'),
    'throw away what waits for a sink',
  ).action(bound((given) => spoolAction('drop', given, surroundings)));
}

type LetterAction = 'list' | 'show' | 'retry' | 'drop' | 'export';

interface LetterFlags {
  readonly json?: boolean;
  readonly reason?: string;
  readonly kind?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
}

async function lettersAction(what: LetterAction, command: Command, surroundings: CommandContext): Promise<number> {
  const { json = false, yes = false } = command.opts<LetterFlags>();
  const query = queryOf(what, command);
  return withOwner(command, surroundings, yes, async ({ administration }, { ask, write }) => {
    const letters = await import('./dead-letters.ts');
    const asked = { administration, query, json, write };
    switch (what) {
      case 'list':
        return letters.listLetters(asked);
      case 'show':
        return letters.showLetter(asked);
      case 'retry':
        return letters.retryLetters(asked);
      case 'drop':
        return letters.dropLetters({ ...asked, ask });
      case 'export':
        return (await import('./export.ts')).exportLetters({ ...asked, file: command.args[0] ?? '-' });
    }
  });
}

/** To change letters, somebody has to say which: ids, or what narrows them, or all of them. */
function queryOf(what: LetterAction, command: Command): LetterQuery {
  const { reason, kind, all = false } = command.opts<LetterFlags>();
  const ids = what === 'export' ? [] : command.args;
  const narrowing = { ...(kind === undefined ? {} : { kind }), ...(reason === undefined ? {} : { reason }) };
  const isNarrowed = Object.keys(narrowing).length > 0;
  if (what === 'retry' || what === 'drop') {
    if (ids.length > 0 && (all || isNarrowed))
      command.error('error: expected ids, or else --all, --reason or --kind, found both');
    if (all && isNarrowed) command.error('error: expected --all, or else --reason or --kind, found both');
    if (ids.length === 0 && !all && !isNarrowed)
      command.error('error: expected ids, --all, --reason or --kind, found none of them');
  }
  return { ...narrowing, ...(ids.length === 0 ? {} : { ids }) };
}

async function spoolAction(what: 'status' | 'drop', command: Command, surroundings: CommandContext): Promise<number> {
  const { json = false, yes = false, sink } = command.opts<{ json?: boolean; yes?: boolean; sink?: string }>();
  return withOwner(command, surroundings, yes, async ({ administration, isRunning }, { ask, write }) => {
    const { showSpool, dropFromSpool } = await import('../spool/spool.ts');
    const asked = { administration, isRunning, nowMs: surroundings.clock.now(), json, write };
    return what === 'status' ? showSpool(asked) : dropFromSpool({ ...asked, sink, ask });
  });
}

interface Terminal {
  readonly ask: Ask;
  readonly write: (text: string) => Promise<void>;
}

/** Somebody has pressed Ctrl-C, or does not read along any more: that needs no words. */
const brokenOff = 1;

async function withOwner(
  command: Command,
  surroundings: CommandContext,
  yes: boolean,
  act: (owner: OwnerAccess, terminal: Terminal) => Promise<number>,
): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, false);
  const { clock, pid, stop: signal, stderr, stdout } = surroundings;
  const log = openLog({
    ...config.log,
    level: config.log.level === 'info' ? 'warn' : config.log.level,
    destination: stderr,
  });
  const { accessOwner } = await import('../owner-access.ts');
  const owner = await accessOwner({ config, clock, log, pid, signal });
  try {
    return await act(owner, {
      ask: confirmation({ stdin: surroundings.stdin, stderr, yes, signal }),
      write: writer(stdout, signal),
    });
  } catch (error) {
    if (signal.aborted) return brokenOff;
    throw error;
  } finally {
    await owner.close();
  }
}

/** Waits where the reader is slow, and gives up when he has gone. */
function writer(stdout: Output, signal: AbortSignal): Terminal['write'] {
  return async (text) => {
    signal.throwIfAborted();
    if (stdout.write(text)) return;
    await new Promise<void>((resolve) => {
      stdout.once('drain', resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  };
}
