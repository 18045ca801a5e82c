// `config`: writes a sample configuration file, prints its schema, or makes a running bridge reload its file.

import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { remoteReload } from '../admin/admin-client.ts';
import { readAdminFile } from '../admin/admin-file.ts';
import { configSample } from '../config/settings/sample.ts';
import { configSchema } from '../config/settings/schema.ts';
import type { BindAction, CommandContext } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { commandConfig, withoutCall } from './load-config.ts';
import { withSettings } from './setting-options.ts';

const defaultPath = 'bridge.yaml';

export function define(command: Command, bind: BindAction): void {
  command.description('make a configuration file, or print the schema of one');
  command
    .command('init')
    .description('write a file with every setting, its help and its default, commented out')
    .argument('[path]', `the file, which must not be there yet; - is standard output (default: ${defaultPath})`)
    .action(bind(init));
  command
    .command('schema')
    .description('print the JSON Schema of configuration files')
    .action(
      bind(async (_, { stdout }) => {
        stdout.write(`${JSON.stringify(configSchema(), undefined, 2)}\n`);
        return 0;
      }),
    );
  withSettings(
    command
      .command('reload')
      .description('have the bridge that runs in the state directory read its configuration anew, as SIGHUP does'),
  ).action(bind(reload));
}

/** Only the user can read the file, since secrets may be written into it. */
async function init({ args: [path = defaultPath] }: Command, { stdout, stderr }: CommandContext): Promise<number> {
  if (path === '-') {
    stdout.write(configSample());
    return 0;
  }
  try {
    await writeFile(path, configSample(), { flag: 'wx', mode: 0o600 });
    stdout.write(`${path}: written; try it with: catchpoint-opentsdb-bridge check --config ${path}\n`);
    return 0;
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    stderr.write(`error: ${path}: ${isThere ? 'is there already, and stays as it is' : withoutCall(error as Error)}\n`);
    return exitCodes.cannotCreate;
  }
}

/** @throws an error with the message of the bridge if the bridge refuses the configuration */
async function reload(command: Command, context: CommandContext): Promise<number> {
  const { config } = commandConfig(command, context);
  const access = await readAdminFile(config.stateDir);
  if (access === undefined) {
    context.stderr.write(`error: no bridge runs in ${config.stateDir}\n`);
    return exitCodes.unavailable;
  }
  const { changed, needRestart } = await remoteReload(access, context.stop);
  const lines = [
    ...(changed.length === 0 ? [] : [`in effect now: ${changed.join(', ')}`]),
    ...(needRestart.length === 0 ? [] : [`in effect after a restart: ${needRestart.join(', ')}`]),
  ];
  context.stdout.write(`${lines.length === 0 ? 'nothing has changed' : lines.join('\n')}\n`);
  return 0;
}
