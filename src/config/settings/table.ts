// The tables of settings in docs/configuration.md.

import { groups, type Setting } from './kinds.ts';
import { defaultWordsOf, environmentWordsOf, flagOf } from './names.ts';
import { settingEntries } from './settings.ts';

/** A Markdown table for each group of settings. */
export function settingsTables(): string {
  return groups
    .map(
      (group) =>
        `${table(
          group,
          settingEntries.filter(([, setting]) => setting.group === group),
        )}\n`,
    )
    .join('\n');
}

function table(group: string, entries: readonly (readonly [string, Setting<unknown>])[]): string {
  const head = [`| ${group} | environment | default | |`, '|---|---|---|---|'];
  return [...head, ...entries.map(([key, setting]) => row(key, setting))].join('\n');
}

function row(key: string, setting: Setting<unknown>): string {
  const argument = setting.argument === undefined ? '' : ` ${setting.argument.toUpperCase()}`;
  const short = setting.short === undefined ? '' : `\`-${setting.short}\`, `;
  const words = setting.kind === 'switch' ? undefined : defaultWordsOf(setting);
  const shownDefault = words !== undefined && setting.defaultWords === undefined ? `\`${words}\`` : (words ?? '');
  const variables = [environmentWordsOf(key, setting), ...(setting.alsoFrom ?? []).map(({ variable }) => variable)];
  const environment = variables.map((words) => `\`${words}\``).join(', ');
  return `| ${short}\`${flagOf(key, setting)}${argument}\` | ${environment} | ${shownDefault} | ${setting.help} |`;
}
