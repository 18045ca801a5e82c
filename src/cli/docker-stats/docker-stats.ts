// `docker-stats`: sends the figures of containers to a Backstop, with the flags and variables of docker-stats-to-backstop.

import { type Command, Option } from 'commander';
import type { BindAction, CommandContext } from '../command-context.ts';
import { files } from '../load-config.ts';
import { type StatsOption, statsOptions } from './options.ts';
import { statsConfig } from './stats-config.ts';

export function define(command: Command, bind: BindAction): void {
  command.description('send the figures of Docker containers to a Backstop, in place of docker-stats-to-backstop');
  for (const option of statsOptions) command.addOption(commandOption(option));
  command.action(bind(statsAction));
}

function commandOption({ name, argument, variable, default: defaultText, ...option }: StatsOption): Option {
  const shownDefault = option.defaultText ?? defaultText;
  const notes = [
    ...(shownDefault === undefined ? [] : [`default: ${shownDefault}`]),
    ...(variable === undefined ? [] : [variable]),
  ];
  const help = notes.length === 0 ? option.help : `${option.help} (${notes.join('; ')})`;
  return new Option(argument === undefined ? `--${name}` : `--${name} <${argument}>`, help);
}

/** Runs as `run` does, without reloads: there is no file to read again. */
async function statsAction(command: Command, context: CommandContext): Promise<number> {
  const options = Object.fromEntries(statsOptions.map(({ name }) => [name, command.getOptionValue(camelCased(name))]));
  const read = statsConfig({ ...files, options, env: context.env, host: context.host });
  const { runConfigured } = await import('../run.ts');
  await runConfigured(read, context, { version: command.parent?.version() });
  return 0;
}

/** Commander's key of an option: `state-dir` → `stateDir`. */
function camelCased(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
