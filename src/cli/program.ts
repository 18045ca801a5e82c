// The command line: parses arguments, runs a command and maps its errors to exit codes.

import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { nearest } from '../config/settings/config-file.ts';
import type { BindAction, CommandContext } from './command-context.ts';
import { commands, hiddenCommands } from './commands.ts';
import { exitCodes } from './exit-codes.ts';
import { settingOptions } from './setting-options.ts';

/** SIGHUP makes `run` read its configuration again; `worker` gets its configuration from `run`. */
const keepRunningOnHangup = ['run', 'worker'];

/**
 * Runs the command that the arguments name and resolves with the exit code.
 *
 * @param argv - without the interpreter and the script
 */
export async function runProgram(argv: readonly string[], version: string, context: CommandContext): Promise<number> {
  let exitCode = 0;
  const bind: BindAction =
    (action) =>
    async (...args) => {
      const command = args.at(-1) as Command;
      refuseExcessArguments(command);
      if (!keepRunningOnHangup.includes(command.name())) context.stopOnHangup?.();
      exitCode = await action(command, context);
    };
  const program = withRunInHelp(newProgram(version, context));
  const define = async (command: Command): Promise<void> =>
    (await commands[command.name()]?.())?.define(command, bind, context);
  try {
    const words = argv[0] === 'docker-stats' ? await withoutGoSyntax(argv) : argv;
    // The help and the manual page show all commands.
    if (words.some((word) => ['help', '-h', '--help', 'man'].includes(word)))
      await Promise.all(program.commands.map(define));
    else program.hook('preSubcommand', (_, command) => define(command));
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    return report(error as ReportedError, context);
  }
}

/** `docker-stats` replaces a program in Go and takes its flags as Go does. */
async function withoutGoSyntax(argv: readonly string[]): Promise<readonly string[]> {
  const [{ fromGoFlags }, { goFlags }] = await Promise.all([
    import('./docker-stats/go-flags.ts'),
    import('./docker-stats/options.ts'),
  ]);
  return fromGoFlags(argv, goFlags);
}

/** The error of a command; configuration errors have warnings. */
interface ReportedError extends Error {
  readonly exitCode?: number;
  readonly warnings?: readonly string[];
}

function report(
  { message, exitCode = exitCodes.software, warnings = [] }: ReportedError,
  { stderr }: CommandContext,
): number {
  for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
  for (const line of message.split('\n')) stderr.write(`error: ${line}\n`);
  return exitCode;
}

function newProgram(version: string, context: CommandContext): Command {
  const program = new Command('catchpoint-opentsdb-bridge')
    .description("Takes the results that Catchpoint's agents push, and puts them, sliced seven ways, into OpenTSDB.")
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .allowExcessArguments()
    .exitOverride()
    .configureOutput(outputTo(context));
  for (const name of Object.keys(commands)) {
    program.command(name, { isDefault: name === 'run', hidden: hiddenCommands.includes(name) });
  }
  return program;
}

/** Commander's own error does not name the argument. It passes an unknown command name to the default command. */
function refuseExcessArguments(command: Command): void {
  const { args, registeredArguments } = command;
  const excess = args[registeredArguments.length];
  if (excess === undefined || registeredArguments.at(-1)?.variadic === true) return;
  if (command.name() !== 'run') command.error(`error: unexpected argument '${excess}' for '${command.name()}'`);
  const suggestion = nearest(excess, Object.keys(commands));
  command.error(
    `error: unknown command '${excess}'${suggestion === undefined ? '' : `\n(Did you mean ${suggestion}?)`}`,
  );
}

const maxHelpWidth = 120;

function outputTo({ stdout, stderr }: CommandContext): OutputConfiguration {
  return {
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    getOutHelpWidth: () => Math.min(stdout.columns ?? maxHelpWidth, maxHelpWidth),
    getErrHelpWidth: () => Math.min(stderr.columns ?? maxHelpWidth, maxHelpWidth),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
}

/** Shows the options of the default command, the settings, in the program's help. */
function withRunInHelp(program: Command): Command {
  const help = program.createHelp();
  return program.usage('[command] [options]').configureHelp({
    visibleOptions(command) {
      const visible = help.visibleOptions(command);
      return command === program ? [...visible, ...settingOptions().filter(({ hidden }) => !hidden)] : visible;
    },
  });
}
