// The command line of `template`.

import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { loadedQuietly } from '../load-config.ts';
import { flagsOf } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';

/** After sysexits: the file cannot be read. */
const noInput = 66;

export function addTemplate(command: Command, surroundings: CommandContext, bound: Bound): void {
  command
    .option(
      '--check <file>',
      'check a body that Catchpoint sent against it, and show the points that it would become; - is standard input',
    )
    .option('--json', 'for programs; with --check')
    .action(bound((given) => templateAction(given, surroundings)));
}

async function templateAction(command: Command, surroundings: CommandContext): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, false);
  const { checkBody, printTemplate } = await import('./template.ts');
  const { stdin, stdout, stderr } = surroundings;
  const { check, json = false } = command.opts<{ check?: string; json?: boolean }>();
  if (check === undefined) {
    printTemplate(config, { stdout, stderr });
    return 0;
  }
  let body: Buffer;
  try {
    body = check === '-' ? await buffer(stdin()) : await readFile(check);
  } catch (error) {
    stderr.write(`error: ${check}: cannot be read (${(error as Error).message})\n`);
    return noInput;
  }
  return checkBody({ config, body, json, write: (text) => void stdout.write(text) });
}
