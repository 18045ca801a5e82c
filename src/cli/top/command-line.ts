// The command line of `top`: which bridge it looks at.

import { type Command, InvalidArgumentError } from 'commander';
import { loadedQuietly } from '../load-config.ts';
import { flagsOf, withSettings } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';

interface TopFlags {
  readonly adminUrl?: string;
  readonly plain?: boolean;
  readonly url?: boolean;
}

/** There is nobody to look at. */
class NoBridge extends Error {
  override readonly name = 'NoBridge';
  readonly exitCode = 69;
}

export function addTop(command: Command, surroundings: CommandContext, bound: Bound): void {
  withSettings(command)
    .option(
      '--admin-url <url>',
      'the second listener of a bridge elsewhere (default: of the one that uses the state directory)',
      webAddress,
    )
    .option('--plain', 'a line a second, as where there is no terminal')
    .option(
      '--url',
      'print the address of the status page, with the token that lets it retry and drop dead letters, and end',
    )
    .action(bound((given) => topAction(given, surroundings)));
}

async function topAction(command: Command, surroundings: CommandContext): Promise<number> {
  const { adminUrl, plain, url: isAddressWanted = false } = command.opts<TopFlags>();
  if (isAddressWanted && adminUrl !== undefined)
    command.error('error: --url is for the bridge that uses the state directory, and --admin-url for one elsewhere');
  const access = adminUrl === undefined ? await localAccess(command, surroundings) : { url: adminUrl, token: '' };
  const { stdout, clock, stop: signal } = surroundings;
  if (isAddressWanted) {
    const { pageAddress } = await import('../../status/page-address.ts');
    stdout.write(`${pageAddress(access)}\n`);
    return 0;
  }
  const { top } = await import('./top.ts');
  return top({ url: access.url, stdout, clock, signal, ...(plain === undefined ? {} : { plain }) });
}

async function localAccess(
  command: Command,
  surroundings: CommandContext,
): Promise<{ readonly url: string; readonly token: string }> {
  const { stateDir } = loadedQuietly(flagsOf(command), surroundings, false).config;
  const { readAdminFile } = await import('../../admin/admin-file.ts');
  const access = await readAdminFile(stateDir);
  if (access !== undefined) return access;
  throw new NoBridge(`state directory ${stateDir}: there is no admin.json in it; no bridge runs with it`);
}

function webAddress(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError(`expected a URL such as http://bridge.example:8081, found ${JSON.stringify(text)}`);
  }
  return text;
}
