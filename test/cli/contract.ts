// The test suite of a command: its help, its answers to wrong usage, and its JSON. Every command passes it.

import test, { type ExecutionContext } from 'ava';
import { Command } from 'commander';
import { commands, hiddenCommands } from '../../src/cli/commands.ts';
import { environmentNameOf, flagOf } from '../../src/config/settings/names.ts';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { commandContext, ran } from './context.ts';

export interface DefinedCommand {
  /** The words that call it, such as `nodes list`. */
  readonly words: string;
  readonly command: Command;
}

/** A successful run with `--json`. */
export interface JsonRun {
  /** Without the words of the command and `--json`. */
  readonly argv: readonly string[];
  /** One JSON value, or a value on each line. */
  readonly prints: 'value' | 'lines';
}

/** Prepares what the run needs. */
export type PrepareJsonRun = (t: ExecutionContext) => Promise<JsonRun>;

/** Valid values of the options that a command cannot do without. */
const mandatoryValues: Readonly<Record<string, string>> = { '--target': 'http://127.0.0.1:1/' };

/** A value that every parser refuses. */
const wrong = 'of-no-kind!';
const missingFile = '/nowhere/bridge.yaml';

/** Every command of the program, with its subcommands. */
export async function everyCommand(): Promise<DefinedCommand[]> {
  const context = commandContext();
  const all = Object.entries(commands).map(async ([name, load]) => {
    const command = new Command(name);
    (await load()).define(command, () => async () => {}, context);
    return withSubcommands(command, name);
  });
  return (await Promise.all(all)).flat();
}

function withSubcommands(command: Command, words: string): DefinedCommand[] {
  const subcommands = command.commands.flatMap((each) => withSubcommands(each, `${words} ${each.name()}`));
  return [{ words, command }, ...subcommands];
}

/** Registers the suite for a command. One with `--json` needs a run that succeeds. */
export function testCommand({ words, command }: DefinedCommand, jsonRun?: PrepareJsonRun): void {
  testHelp(words, command);
  testWrongUsage(words, command);
  testWrongValues(words, command);
  if (takes(command, '--config')) testSettings(words, command);
  if (takes(command, '--json') || jsonRun !== undefined) testJson(words, jsonRun);
}

function takes(command: Command, flag: string): boolean {
  return command.options.some(({ long }) => long === flag);
}

/** Arguments of a call that is complete. */
function completeCall(words: string, command: Command): string[] {
  const mandatory = command.options.filter((option) => option.mandatory);
  const values = mandatory.flatMap(({ long = '' }) => [long, mandatoryValues[long] ?? `no value for ${long}`]);
  return [...words.split(' '), ...command.registeredArguments.map(() => 'x'), ...values];
}

const spaced = (text: string): string => text.replace(/\s+/g, ' ');

function testHelp(words: string, command: Command): void {
  test(`${words} --help describes the command, its arguments and its options on stdout`, async (t) => {
    const { exitCode, out, err } = await ran([...words.split(' '), '--help']);
    t.deepEqual([exitCode, err], [0, '']);
    t.true(out.startsWith(`Usage: catchpoint-opentsdb-bridge ${words} `), out);
    const text = spaced(out);
    const described = [
      ...command.registeredArguments.map((each) => [each.name(), each.description] as const),
      ...command.options.filter(({ hidden }) => !hidden).map((each) => [each.flags, each.description] as const),
      ...command.commands.map((each) => [each.name(), each.description()] as const),
    ];
    for (const [name, description] of described) {
      t.not(description.trim(), '', name);
      t.true(text.includes(spaced(` ${name} `)), name);
      t.true(text.includes(spaced(` ${description}`)), name);
    }
    if (hiddenCommands.includes(words)) return;
    t.not(command.description(), '');
    t.true(text.includes(spaced(command.description())));
  });

  test(`help and --help print the same for ${words}`, async (t) => {
    const path = words.split(' ');
    const help = await ran([...path.slice(0, -1), 'help', ...path.slice(-1)]);
    t.deepEqual(help, await ran([...path, '--help']));
  });
}

function testWrongUsage(words: string, command: Command): void {
  test(`${words} refuses an unknown option`, async (t) => {
    const refused = await ran([...completeCall(words, command), '--of-no-kind']);
    t.deepEqual(refused, { exitCode: 64, out: '', err: "error: unknown option '--of-no-kind'\n" });
  });

  if (command.registeredArguments.at(-1)?.variadic !== true) {
    test(`${words} refuses a superfluous argument`, async (t) => {
      const { exitCode, out, err } = await ran([...completeCall(words, command), wrong]);
      t.deepEqual([exitCode, out], [64, '']);
      t.true(err.startsWith('error: ') && err.includes(`'${wrong}'`), err);
    });
  }

  if (command.commands.length > 0) {
    test(`${words} without a subcommand prints its help on stderr`, async (t) => {
      const { out: help } = await ran([...words.split(' '), '--help']);
      t.deepEqual(await ran(words.split(' ')), { exitCode: 64, out: '', err: help });
    });
  }
}

function testWrongValues(words: string, command: Command): void {
  const settingFlags = settingEntries.map(([key, setting]) => flagOf(key, setting));
  const parsed = command.options.filter(
    ({ long, parseArg }) => parseArg !== undefined && !settingFlags.includes(long ?? ''),
  );
  for (const { long = '', flags } of parsed) {
    test(`${words} refuses a wrong value of ${long}`, async (t) => {
      const { exitCode, out, err } = await ran([...completeCall(words, command), long, wrong]);
      t.deepEqual([exitCode, out], [64, '']);
      t.true(err.startsWith(`error: option '${flags}' argument '${wrong}' is invalid. expected `), err);
    });
  }
}

/** Where a command reports errors of its configuration, and its exit code for those of its flags. */
function reportOf(words: string) {
  return words === 'doctor'
    ? ({ exitCode: 78, stream: 'out', prefix: 'configuration  ' } as const)
    : ({ exitCode: 64, stream: 'err', prefix: 'error: ' } as const);
}

function testSettings(words: string, command: Command): void {
  const { exitCode, stream, prefix } = reportOf(words);
  const other = stream === 'err' ? 'out' : 'err';
  const argv = completeCall(words, command);

  test(`${words} reports every wrong setting with its value, except for secrets`, async (t) => {
    const refusing = settingEntries.filter(([, { kind, read }]) => kind !== 'switch' && refuses(read));
    t.true(refusing.length > 20);
    const outcome = await ran([...argv, ...refusing.flatMap(([key, setting]) => [flagOf(key, setting), wrong])]);
    t.deepEqual([outcome.exitCode, outcome[other]], [exitCode, '']);
    const lines = outcome[stream].split('\n');
    for (const [key, setting] of refusing) {
      const line = lines.find((each) => each.includes(`${prefix}${flagOf(key, setting)}: expected `)) ?? '';
      t.not(line, '', key);
      if (setting.isSecret === true) t.false(line.includes(wrong), line);
      else t.true(line.includes(setting.redact === undefined ? `found "${wrong}"` : 'found '), line);
    }
  });

  for (const [origin, given, expectedCode] of [
    ['--config', { flags: ['--config', missingFile], env: {} }, exitCode],
    [environmentNameOf('config'), { flags: [], env: { [environmentNameOf('config')]: missingFile } }, 78],
  ] as const) {
    test(`${words} ends with ${expectedCode} for a missing file of ${origin}`, async (t) => {
      const outcome = await ran([...argv, ...given.flags], given.env);
      t.deepEqual([outcome.exitCode, outcome[other]], [expectedCode, '']);
      t.true(
        outcome[stream].includes(`${prefix}${origin}: ${missingFile}: ENOENT: no such file or directory\n`),
        outcome[stream],
      );
    });
  }
}

function refuses(read: (texts: readonly string[]) => unknown): boolean {
  try {
    read([wrong]);
    return false;
  } catch {
    return true;
  }
}

function testJson(words: string, jsonRun: PrepareJsonRun | undefined): void {
  test(`${words} --json prints JSON alone`, async (t) => {
    if (jsonRun === undefined) return t.fail('has --json, and contract.test.ts has no run for it');
    const { argv, prints } = await jsonRun(t);
    const { exitCode, out, err } = await ran(
      [...words.split(' '), '--json', ...argv],
      {},
      new AbortController().signal,
    );
    t.is(exitCode, 0, err);
    t.true(out.endsWith('\n'));
    const texts = prints === 'value' ? [out] : out.trimEnd().split('\n');
    for (const text of texts) t.notThrows(() => void JSON.parse(text), text);
  });
}
