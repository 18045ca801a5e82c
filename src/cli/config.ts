// `config`: a configuration file to begin with, the schema of such files, and reading them anew in the bridge that runs.

import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { readAdminFile } from '../admin/admin-file.ts';
import { configSample } from '../config/settings/sample.ts';
import { configSchema } from '../config/settings/schema.ts';
import { loadedQuietly } from './load-config.ts';
import { flagsOf, withSettings } from './setting-options.ts';
import type { Bound, CommandContext } from './command-context.ts';

/** After sysexits: a file cannot be made. */
const cannotCreate = 73;
const unavailable = 69;
const usualPath = 'bridge.yaml';

export function addConfig(command: Command, surroundings: CommandContext, bound: Bound): void {
  const { stdout, stderr } = surroundings;
  command.helpOption('-h, --help', 'print this help');
  command
    .command('init')
    .description('write a file with every setting, its help and its default, commented out')
    .argument('[path]', `the file, which must not be there yet; - is standard output (default: ${usualPath})`)
    .action(
      bound(async ({ args: [path = usualPath] }) => {
        if (path === '-') {
          stdout.write(configSample());
          return 0;
        }
        return initialize(
          path,
          (words) => stdout.write(words),
          (words) => stderr.write(words),
        );
      }),
    );
  command
    .command('schema')
    .description('print the JSON Schema of configuration files')
    .action(
      bound(async () => {
        stdout.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`);
        return 0;
      }),
    );
  withSettings(
    command.command('reload'),
    'have the bridge that runs in the state directory read its configuration anew, as SIGHUP does',
  ).action(bound((given) => reload(given, surroundings)));
}

/** For its owner alone: secrets may come to stand in it. */
async function initialize(
  path: string,
  say: (words: string) => void,
  complain: (words: string) => void,
): Promise<number> {
  try {
    await writeFile(path, configSample(), { flag: 'wx', mode: 0o600 });
    say(`${path}: written; try it with: catchpoint-opentsdb-bridge check --config ${path}\n`);
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    complain(
      `error: ${path}: ${code === 'EEXIST' ? 'is there already, and stays as it is' : message.replace(/, \w+( '.*')?$/s, '')}\n`,
    );
    return cannotCreate;
  }
}

/** Says what has changed. What the bridge refuses is thrown with its words. */
async function reload(command: Command, surroundings: CommandContext): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, false);
  const access = await readAdminFile(config.stateDir);
  if (access === undefined) {
    surroundings.stderr.write(`error: no bridge runs in ${config.stateDir}\n`);
    return unavailable;
  }
  const { remoteReload } = await import('../admin/admin-client.ts');
  const { changed, needRestart } = await remoteReload(access, surroundings.stop);
  const lines = [
    ...(changed.length === 0 ? [] : [`in effect now: ${changed.join(', ')}`]),
    ...(needRestart.length === 0 ? [] : [`in effect after a restart: ${needRestart.join(', ')}`]),
  ];
  surroundings.stdout.write(`${lines.length === 0 ? 'nothing has changed' : lines.join('\n')}\n`);
  return 0;
}
