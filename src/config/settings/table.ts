// The tables of settings in docs/configuration.md.

import { groups, type Setting } from './setting.ts';
import { defaultTextOf, environmentTextOf, flagOf } from './names.ts';
import { settingEntries } from './settings.ts';

/** A Markdown table for each group. */
export function settingsTables(): string {
  return groups.map((group) => `${table(group)}\n`).join('\n');
}

function table(group: string): string {
  const rows = settingEntries
    .filter(([, setting]) => setting.group === group)
    .map(([key, setting]) => row(key, setting));
  return [`| ${group} | environment | default | |`, '|---|---|---|---|', ...rows].join('\n');
}

function row(key: string, setting: Setting<unknown>): string {
  const argument = setting.argument === undefined ? '' : ` ${setting.argument.toUpperCase()}`;
  const short = setting.short === undefined ? '' : `\`-${setting.short}\`, `;
  const defaultText = setting.kind === 'switch' ? '' : (defaultTextOf(setting) ?? '');
  const isLiteral = defaultText !== '' && setting.defaultText === undefined;
  const shownDefault = isLiteral ? `\`${defaultText}\`` : defaultText;
  const variables = [environmentTextOf(key, setting), ...(setting.alsoFrom ?? []).map(({ variable }) => variable)];
  const environment = variables.map((variable) => `\`${variable}\``).join(', ');
  return `| ${short}\`${flagOf(key, setting)}${argument}\` | ${environment} | ${shownDefault} | ${setting.help} |`;
}
