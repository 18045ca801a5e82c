// The manual page, made of what the help is made of: the commands with their options, and the settings.

import type { Command, Option } from 'commander';
import { groups, type Setting } from '../../config/settings/kinds.ts';
import { defaultWordsOf, environmentWordsOf, flagOf } from '../../config/settings/names.ts';
import { settingEntries } from '../../config/settings/settings.ts';
import { exitCodes, files, signals } from './man-page-text.ts';

/** In roff, with the macros of man(7). It has no date, so that the same program has the same page. */
export function manPage(program: Command, version: string): string {
  const name = program.name();
  return [
    `.\\" Made by \`${name} man\`.`,
    `.TH ${escaped(name.toUpperCase())} 1 "" "${escaped(`${name} ${version}`)}" "User Commands"`,
    section('Name', [`${escaped(name)} \\- Catchpoint\\(aqs pushes into OpenTSDB`]),
    section('Synopsis', [`.B ${escaped(name)}`, '[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...']),
    section('Description', [escaped(program.description()), '.PP', escaped(introduction)]),
    section(
      'Commands',
      described(program.commands).flatMap((command) => commandItem(command, '')),
    ),
    section('Settings', [escaped(aboutSettings), ...groups.flatMap(groupItems)]),
    section('Signals', signals.map(item)),
    section('Exit status', exitCodes.map(item)),
    section('Files', files.map(item)),
    section('See also', [
      `\\fB${escaped(name)} help\\fR \\fICOMMAND\\fR; README.md and docs/ of the package, which tell of metrics, nodes and what is kept.`,
    ]),
    '',
  ].join('\n');
}

const introduction =
  "Without a command it runs the bridge: it listens for the pushes of Catchpoint's agents (Test Data Webhook), joins each with the node that ran " +
  'the test, and puts the points over a spool on disk into OpenTSDB. A push is answered 200 once its points are on disk.';
const aboutSettings =
  'These are options of every command that needs them. Each can also be given in the environment, and, by the name of its long option without the ' +
  'dashes, in a configuration file in YAML or JSON. Options go before the environment, the environment before the file, the file before the default.';

function section(title: string, lines: readonly string[]): string {
  return [`.SH ${title.toUpperCase().includes(' ') ? `"${title.toUpperCase()}"` : title.toUpperCase()}`, ...lines].join(
    '\n',
  );
}

/** What stands in the help: commander keeps the hidden ones to itself. */
function described(commands: readonly Command[]): Command[] {
  return commands.filter((command) => command.description() !== '');
}

const settingFlags = settingEntries.map(([key, setting]) => flagOf(key, setting));
/** Only what takes all settings can be given a file of them. */
const flagOfFile = '--config';

/** A command with its own options, and those below it. */
function commandItem(command: Command, parents: string): string[] {
  const path = `${parents}${command.name()}`;
  const below = described(command.commands);
  if (below.length > 0) return below.flatMap((each) => commandItem(each, `${path} `));
  const given = command.registeredArguments.map((argument) => {
    const shown = `\\fI${escaped(argument.name().toUpperCase())}\\fR${argument.variadic ? '...' : ''}`;
    return argument.required ? shown : `[${shown}]`;
  });
  const takesSettings = command.options.some(({ long }) => long === flagOfFile);
  const own = command.options.filter(
    ({ hidden, long = '' }) => !hidden && !(takesSettings && settingFlags.includes(long)),
  );
  return [
    '.TP',
    [`\\fB${escaped(path)}\\fR`, ...given].join(' '),
    `${escaped(sentence(command.description()))}${takesSettings ? ' Takes the settings.' : ''}`,
    ...(own.length === 0 ? [] : ['.RS', ...own.flatMap(optionItem), '.RE']),
  ];
}

function optionItem({ short, long, flags, description }: Option): string[] {
  const [, argument] = /([<[][^>\]]+[>\]])$/.exec(flags) ?? [];
  const names = [short, long].filter((each) => each !== undefined).map((each) => `\\fB${escaped(each)}\\fR`);
  return [
    '.TP',
    `${names.join(', ')}${argument === undefined ? '' : ` \\fI${escaped(argument.slice(1, -1).toUpperCase())}\\fR`}`,
    escaped(sentence(description)),
  ];
}

function groupItems(group: string): string[] {
  return [
    `.SS ${group}`,
    ...settingEntries
      .filter(([, setting]) => setting.group === group)
      .flatMap(([key, setting]) => settingItem(key, setting)),
  ];
}

function settingItem(key: string, setting: Setting<unknown>): string[] {
  const short = setting.short === undefined ? '' : `\\fB\\-${setting.short}\\fR, `;
  const argument = setting.argument === undefined ? '' : ` \\fI${escaped(setting.argument.toUpperCase())}\\fR`;
  const words = setting.kind === 'switch' ? undefined : defaultWordsOf(setting);
  const byDefault =
    words === undefined
      ? ''
      : ` Default: ${setting.defaultWords === undefined ? `\\fB${escaped(words)}\\fR` : escaped(words)}.`;
  return [
    '.TP',
    `${short}\\fB${escaped(flagOf(key, setting))}\\fR${argument}`,
    `${escaped(ended(setting.help))}${byDefault}`,
    '.br',
    escaped(environmentWordsOf(key, setting)),
  ];
}

function item([name, words]: readonly [name: string, words: string]): string {
  return ['.TP', `.B ${escaped(name)}`, escaped(words)].join('\n');
}

function sentence(text: string): string {
  return ended(`${text.charAt(0).toUpperCase()}${text.slice(1)}`);
}

/** The help of a setting may begin with a word that somebody can give, which has no capital. */
function ended(text: string): string {
  return `${text}${/[.?!]$/.test(text) ? '' : '.'}`;
}

/** A text that roff takes as it is: no line may begin with a dot or a quote, and a minus is no hyphen. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('"', '\\(dq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/^\./, '\\&.');
}
