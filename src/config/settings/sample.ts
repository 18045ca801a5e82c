// A configuration file to begin with: every setting with its help and its default, each of them commented out.

import { stringify } from 'yaml';
import { groups, type Setting } from './kinds.ts';
import { environmentWordsOf, nameOf } from './names.ts';
import { settingEntries } from './settings.ts';

const head = `# Configuration of catchpoint-opentsdb-bridge: take the # away before what you want to change.
#
# Flags and the environment go before this file, this file before the defaults, which stand here. \`check --config FILE\` tells
# what is in effect, whence, and whether it works; \`config schema\` prints a JSON Schema for editors. A running bridge reads the
# file again when it changes. Let nobody else read a file that holds secrets, or name files that hold them.
`;

/** YAML; a setting without a default stands there without a value, which is a fault as long as it gets none. */
export function configSample(): string {
  const parts = groups.flatMap((group) => {
    const entries = settingEntries.filter(([, setting]) => setting.group === group && setting.isNotInFile !== true);
    return entries.length === 0
      ? []
      : [`\n\n## ${group}\n`, ...entries.map(([key, setting]) => sampleOf(key, setting))];
  });
  return head + parts.join('');
}

function sampleOf(key: string, setting: Setting<unknown>): string {
  const { help, defaultWords, argument } = setting;
  const notes = [
    ...(argument === undefined ? [] : [argument.toUpperCase()]),
    ...(defaultWords === undefined ? [] : [`default: ${defaultWords}`]),
    `environment: ${environmentWordsOf(key, setting)}`,
  ];
  return `\n# ${helpOf(setting, help)}\n# (${notes.join('; ')})\n#${lineOf(key, setting)}\n`;
}

/** The help of a switch that is on by default is about switching it off. */
function helpOf({ kind, default: byDefault }: Setting<unknown>, help: string): string {
  return kind === 'switch' && byDefault === 'true' ? `false: ${help}` : help;
}

function lineOf(key: string, setting: Setting<unknown>): string {
  const { kind, separator, default: byDefault } = setting;
  const name = nameOf(key);
  if (byDefault === undefined) return `${name}:`;
  if (kind === 'switch') return `${name}: ${byDefault}`;
  const several = separator === undefined ? [byDefault] : byDefault.split(separator);
  return stringify(
    { [name]: several.length > 1 ? several : scalar(byDefault) },
    { flowCollectionPadding: false, collectionStyle: 'flow', lineWidth: 0 },
  )
    .trim()
    .replace(/^\{(.*)\}$/s, '$1');
}

/** A number needs no quotes. */
function scalar(text: string): string | number {
  return String(Number(text)) === text ? Number(text) : text;
}
