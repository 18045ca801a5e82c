// The sample configuration file: every setting with its help and default, commented out.

import { stringify } from 'yaml';
import { groups, type Setting } from './setting.ts';
import { environmentTextOf, nameOf } from './names.ts';
import { settingEntries } from './settings.ts';

const head = `# Configuration of catchpoint-opentsdb-bridge: take the # away before what you want to change.
#
# Flags and the environment go before this file, this file before the defaults, which stand here. \`check --config FILE\` tells
# what is in effect, whence, and whether it works; \`config schema\` prints a JSON Schema for editors. A running bridge reads the
# file again when it changes. Let nobody else read a file that holds secrets, or name files that hold them.
`;

/** In YAML. A setting without a default has no value, which is a fault until somebody fills it in. */
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
  const { help, defaultText, argument } = setting;
  const notes = [
    ...(argument === undefined ? [] : [argument.toUpperCase()]),
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
    `environment: ${environmentTextOf(key, setting)}`,
  ];
  return `\n# ${helpOf(setting, help)}\n# (${notes.join('; ')})\n#${lineOf(key, setting)}\n`;
}

/** The help of a switch that is on by default describes `false`. */
function helpOf({ kind, default: defaultText }: Setting<unknown>, help: string): string {
  return kind === 'switch' && defaultText === 'true' ? `false: ${help}` : help;
}

function lineOf(key: string, setting: Setting<unknown>): string {
  const { kind, separator, default: defaultText } = setting;
  const name = nameOf(key);
  if (defaultText === undefined) return `${name}:`;
  if (kind === 'switch') return `${name}: ${defaultText}`;
  const several = separator === undefined ? [defaultText] : defaultText.split(separator);
  return stringify(
    { [name]: several.length > 1 ? several : scalar(defaultText) },
    { flowCollectionPadding: false, collectionStyle: 'flow', lineWidth: 0 },
  )
    .trim()
    .replace(/^\{(.*)\}$/s, '$1');
}

/** YAML needs no quotes around a number. */
function scalar(text: string): string | number {
  return String(Number(text)) === text ? Number(text) : text;
}
