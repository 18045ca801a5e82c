// The settings as options of the command line.

import { type Command, Option } from 'commander';
import type { Setting } from '../config/settings/setting.ts';
import { defaultTextOf, environmentTextOf, flagOf, nameOf } from '../config/settings/names.ts';
import type { Flags } from '../config/settings/origins.ts';
import { settingEntries } from '../config/settings/settings.ts';

/** An option for each setting. A switch also has a hidden option for its default. */
export function settingOptions(): Option[] {
  return settingEntries.flatMap(([key, setting]) => {
    const visible = option(key, setting);
    if (setting.kind !== 'switch') return [visible];
    // Commander reads `--no-x` as a default of true unless `--x` comes first.
    return setting.default === 'true'
      ? [new Option(`--${nameOf(key)}`).hideHelp(), visible]
      : [visible, new Option(`--no-${nameOf(key)}`).hideHelp()];
  });
}

function option(key: string, setting: Setting<unknown>): Option {
  const short = setting.short === undefined ? '' : `-${setting.short}, `;
  const argument = setting.argument === undefined ? '' : ` <${setting.argument}>`;
  const made = new Option(`${short}${flagOf(key, setting)}${argument}`, description(key, setting));
  made.helpGroup(`${setting.group}:`);
  if (setting.kind !== 'list') return made;
  return made.argParser((value, previous: readonly string[] | undefined) => [...(previous ?? []), value]);
}

function description(key: string, setting: Setting<unknown>): string {
  const defaultText = setting.kind === 'switch' ? undefined : defaultTextOf(setting);
  const notes = [
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
    ...(setting.alsoFrom ?? []).map(({ variable }) => variable),
    environmentTextOf(key, setting),
  ];
  return `${setting.help} (${notes.join('; ')})`;
}

/** Adds an option for each setting. */
export function withSettings(command: Command): Command {
  for (const each of settingOptions()) command.addOption(each);
  return command;
}

/** The settings on the command line of `command`, by key. */
export function flagsOf(command: Command): Flags {
  return command.opts();
}
