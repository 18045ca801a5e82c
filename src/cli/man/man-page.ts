// `man`: prints the manual page, made from the commands, their options and the settings.

import type { Command, Option } from 'commander';
import { groups, type Setting } from '../../config/settings/setting.ts';
import { defaultTextOf, environmentTextOf, flagOf } from '../../config/settings/names.ts';
import { settingEntries } from '../../config/settings/settings.ts';
import type { BindAction, CommandContext } from '../command-context.ts';
import { exitCodes, files, signals } from './man-page-text.ts';

export function define(command: Command, bind: BindAction): void {
  command.action(bind(manAction));
}

async function manAction({ parent }: Command, { stdout }: CommandContext): Promise<number> {
  const program = parent as Command;
  stdout.write(manPage(program, program.version() ?? ''));
  return 0;
}

/** Roff with the macros of man(7). It has no date, so that one version has one page. */
function manPage(program: Command, version: string): string {
  const name = program.name();
  return [
    `.\\" Made by \`${name} man\`.`,
    `.TH ${escape(name.toUpperCase())} 1 "" "${escape(`${name} ${version}`)}" "User Commands"`,
    section('Name', [`${escape(name)} \\- Catchpoint\\(aqs pushes into OpenTSDB`]),
    section('Synopsis', [`.B ${escape(name)}`, '[\\fICOMMAND\\fR] [\\fIOPTION\\fR]...']),
    section('Description', [escape(program.description()), '.PP', escape(introduction)]),
    section(
      'Commands',
      visible(program.commands).flatMap((command) => commandItem(command, '')),
    ),
    section('Settings', [escape(aboutSettings), ...groups.flatMap(groupItems)]),
    section('Signals', signals.map(item)),
    section('Exit status', exitCodes.map(item)),
    section('Files', files.map(item)),
    section('See also', [
      `\\fB${escape(name)} help\\fR \\fICOMMAND\\fR; README.md and docs/ of the package, which tell of metrics, nodes and what is kept.`,
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
  const heading = title.toUpperCase();
  return [`.SH ${heading.includes(' ') ? `"${heading}"` : heading}`, ...lines].join('\n');
}

/** Commander does not expose which commands are hidden; they have no description. */
function visible(commands: readonly Command[]): Command[] {
  return commands.filter((command) => command.description() !== '');
}

const settingFlags = settingEntries.map(([key, setting]) => flagOf(key, setting));

/** A command with the options beside its settings; a command group gives an item for each subcommand. */
function commandItem(command: Command, parents: string): string[] {
  const path = `${parents}${command.name()}`;
  const subcommands = visible(command.commands);
  if (subcommands.length > 0) return subcommands.flatMap((each) => commandItem(each, `${path} `));
  const names = command.registeredArguments.map((argument) => {
    const name = `\\fI${escape(argument.name().toUpperCase())}\\fR${argument.variadic ? '...' : ''}`;
    return argument.required ? name : `[${name}]`;
  });
  // Every command that takes the settings has this one.
  const takesSettings = command.options.some(({ long }) => long === '--config');
  const options = command.options.filter(
    ({ hidden, long = '' }) => !hidden && !(takesSettings && settingFlags.includes(long)),
  );
  return [
    '.TP',
    [`\\fB${escape(path)}\\fR`, ...names].join(' '),
    `${escape(sentence(command.description()))}${takesSettings ? ' Takes the settings.' : ''}`,
    ...(options.length === 0 ? [] : ['.RS', ...options.flatMap(optionItem), '.RE']),
  ];
}

function optionItem({ short, long, flags, description }: Option): string[] {
  const [, argument] = /([<[][^>\]]+[>\]])$/.exec(flags) ?? [];
  const names = [short, long].filter((each) => each !== undefined).map((each) => `\\fB${escape(each)}\\fR`);
  return [
    '.TP',
    `${names.join(', ')}${argument === undefined ? '' : ` \\fI${escape(argument.slice(1, -1).toUpperCase())}\\fR`}`,
    escape(sentence(description)),
  ];
}

function groupItems(group: string): string[] {
  const entries = settingEntries.filter(([, setting]) => setting.group === group);
  return [`.SS ${group}`, ...entries.flatMap(([key, setting]) => settingItem(key, setting))];
}

function settingItem(key: string, setting: Setting<unknown>): string[] {
  const short = setting.short === undefined ? '' : `\\fB\\-${setting.short}\\fR, `;
  const argument = setting.argument === undefined ? '' : ` \\fI${escape(setting.argument.toUpperCase())}\\fR`;
  return [
    '.TP',
    `${short}\\fB${escape(flagOf(key, setting))}\\fR${argument}`,
    `${escape(withPeriod(setting.help))}${defaultText(setting)}`,
    '.br',
    escape(environmentTextOf(key, setting)),
  ];
}

/** A default value is bold, a description of one is not. */
function defaultText(setting: Setting<unknown>): string {
  const text = setting.kind === 'switch' ? undefined : defaultTextOf(setting);
  if (text === undefined) return '';
  return ` Default: ${setting.defaultText === undefined ? `\\fB${escape(text)}\\fR` : escape(text)}.`;
}

function item([name, text]: readonly [name: string, text: string]): string {
  return ['.TP', `.B ${escape(name)}`, escape(text)].join('\n');
}

/** For commands and options. The help of a setting may begin with a value, which keeps its case. */
function sentence(text: string): string {
  return withPeriod(`${text.charAt(0).toUpperCase()}${text.slice(1)}`);
}

function withPeriod(text: string): string {
  return `${text}${/[.?!]$/.test(text) ? '' : '.'}`;
}

/** Escapes for roff: a line must not begin with a dot or a quote, and a minus is not a hyphen. */
function escape(text: string): string {
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
