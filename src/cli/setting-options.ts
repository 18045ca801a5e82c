// The settings as options of the command line.

import { type Command, Option } from 'commander';
import type { Setting } from '../config/settings/kinds.ts';
import { defaultWordsOf, environmentWordsOf, flagOf, nameOf } from '../config/settings/names.ts';
import type { Flags } from '../config/settings/origins.ts';
import { settingEntries } from '../config/settings/settings.ts';

/** An option for every setting, with its default and the environment's name in the help; the opposite of a switch is hidden. */
export function settingOptions(): Option[] {
  return settingEntries.flatMap(([key, setting]) => {
    const shown = option(flagOf(key, setting), setting, description(key, setting));
    if (setting.kind !== 'switch') return [shown];
    const other = setting.default === 'true' ? `--${nameOf(key)}` : `--no-${nameOf(key)}`;
    return setting.default === 'true' ? [new Option(other).hideHelp(), shown] : [shown, new Option(other).hideHelp()];
  });
}

function option(long: string, setting: Setting<unknown>, text: string): Option {
  const short = setting.short === undefined ? '' : `-${setting.short}, `;
  const argument = setting.argument === undefined ? '' : ` <${setting.argument}>`;
  const made = new Option(`${short}${long}${argument}`, text).helpGroup(`${setting.group}:`);
  if (setting.kind !== 'list') return made;
  return made.argParser((given: string, before: readonly string[] = []) => [...before, given]);
}

function description(key: string, setting: Setting<unknown>): string {
  const defaultWords = setting.kind === 'switch' ? undefined : defaultWordsOf(setting);
  const notes = [
    ...(defaultWords === undefined ? [] : [`default: ${defaultWords}`]),
    ...(setting.alsoFrom ?? []).map(({ variable }) => variable),
    environmentWordsOf(key, setting),
  ];
  return `${setting.help} (${notes.join('; ')})`;
}

/** Gives a command an option for every setting, and a description where it has none. */
export function withSettings(command: Command, description: string = command.description()): Command {
  command.description(description).helpOption('-h, --help', 'print this help');
  for (const each of settingOptions()) command.addOption(each);
  return command;
}

/** What was given to a command, by the settings' keys. */
export function flagsOf(command: Command): Flags {
  return command.opts();
}
