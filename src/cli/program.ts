// The command line: which commands there are, what they take, and which exit code an error deserves.

import { createRequire } from 'node:module';
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { type Completion, type LazyCommands, lazyCommands } from './lazy-commands.ts';
import { loadConfig, loadedQuietly } from './load-config.ts';
import { flagsOf, settingOptions, withSettings } from './setting-options.ts';
import type { Bound, CommandContext } from './command-context.ts';
import type { ConfigRead } from '../config/config.ts';
import { nearest } from '../config/settings/config-file.ts';
import { openLog } from '../runtime/log.ts';

/** After sysexits: the command line was wrong; the program itself failed. */
const usage = 64;
const software = 70;

/** SIGHUP tells the one to read its configuration anew, and the other nothing: its owner does. */
const keepRunningOnHangup = ['run', 'worker'];

/**
 * Runs what the arguments say and resolves with the exit code.
 *
 * @param argv - without the interpreter and the script
 */
export async function runProgram(
  argv: readonly string[],
  version: string,
  surroundings: CommandContext,
): Promise<number> {
  let exitCode = 0;
  const { program, late } = commandLine(version, surroundings, (action) => async (...given) => {
    const command = given.at(-1) as Command;
    if (!keepRunningOnHangup.includes(command.name())) surroundings.stopOnHangup?.();
    exitCode = await action(command);
  });
  try {
    if (argv.some((word) => ['help', '-h', '--help'].includes(word))) await late.completeAll();
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage;
    return saidAndRuled(error as ExitError, surroundings);
  }
}

interface ExitError extends Error {
  readonly exitCode?: number;
  readonly warnings?: readonly string[];
}

function saidAndRuled({ message, exitCode = software, warnings = [] }: ExitError, { stderr }: CommandContext): number {
  for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
  for (const line of message.split('\n')) stderr.write(`error: ${line}\n`);
  return exitCode;
}

interface CommandLine {
  readonly program: Command;
  readonly late: LazyCommands;
}

function commandLine(version: string, surroundings: CommandContext, bound: Bound): CommandLine {
  const program = new Command('catchpoint-opentsdb-bridge')
    .description("Takes the results that Catchpoint's agents push, and puts them, sliced seven ways, into OpenTSDB.")
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput(outputTo(surroundings));
  const late = lazyCommands(program);
  const run: Completion = (command) =>
    withSettings(command)
      .allowExcessArguments()
      .action(bound((given) => runAction(given, surroundings, version)));
  const check: Completion = (command) =>
    withSettings(command).action(bound((given) => checkAction(given, surroundings)));
  late.add('run', 'run the bridge; the default', run, { isDefault: true });
  late.add('check', 'print the configuration in effect and try what it names', check);
  addFurther(late, surroundings, bound);
  late.add('man', '', (command) => command.action(bound(() => manAction(program, late, surroundings, version))), {
    hidden: true,
  });
  return { program: withRunInHelp(program), late };
}

function addFurther({ add }: LazyCommands, surroundings: CommandContext, bound: Bound): void {
  add('doctor', 'examine everything that the bridge needs, and say what to do about what is wrong', async (command) =>
    (await import('./doctor/command-line.ts')).addDoctor(command, surroundings, bound),
  );
  add('config', 'make a configuration file, or print the schema of one', async (command) =>
    (await import('./config.ts')).addConfig(command, surroundings, bound),
  );
  add('nodes', 'show the nodes that are known, or read them anew', (command) => addNodes(command, surroundings, bound));
  add('dead-letters', 'what could not be used: list it, try it again, throw it away', async (command) =>
    (await import('./dead-letters/command-line.ts')).addDeadLetters(command, surroundings, bound),
  );
  add('spool', 'what waits for OpenTSDB: look at it, throw it away', async (command) => {
    const [{ addSpool }, { addVerify }] = await Promise.all([
      import('./dead-letters/command-line.ts'),
      import('./spool/verify.ts'),
    ]);
    addSpool(command, surroundings, bound);
    addVerify(command.command('verify'), surroundings, bound);
  });
  add('replay', 'feed archived pushes through the bridge again', async (command) =>
    (await import('./replay/command-line.ts')).addReplay(withSettings(command), surroundings, bound),
  );
  add('top', 'watch a running bridge in the terminal', async (command) =>
    (await import('./top/command-line.ts')).addTop(command, surroundings, bound),
  );
  add('template', 'print the template to paste into Catchpoint, or check a body against it', async (command) =>
    (await import('./template/command-line.ts')).addTemplate(withSettings(command), surroundings, bound),
  );
  add('forecast', 'how many series and points a second there will be', async (command) =>
    (await import('./forecast/command-line.ts')).addForecast(withSettings(command), surroundings, bound),
  );
  add(
    'demo',
    'watch the bridge at work: a simulated Catchpoint pushes, an OpenTSDB takes the points',
    async (command) => (await import('./demo/command-line.ts')).addDemo(command, surroundings, bound),
  );
  add('simulate', "push to a bridge as Catchpoint's agents would", async (command) =>
    (await import('./demo/command-line.ts')).addSimulate(command, surroundings, bound),
  );
  add(
    'former-store',
    '',
    async (command) => (await import('./spool/legacy-store.ts')).addLegacyStore(command, surroundings, bound),
    { hidden: true },
  );
  add('worker', '', async (command) => (await import('./worker.ts')).addWorker(command, surroundings, bound), {
    hidden: true,
  });
}

async function addNodes(nodes: Command, surroundings: CommandContext, bound: Bound): Promise<void> {
  const { addNodesDiff } = await import('./nodes/nodes-diff-command.ts');
  nodes.helpOption('-h, --help', 'print this help');
  const add = (name: string, description: string): Command =>
    withSettings(nodes.command(name).option('--json', 'for programs'), description);
  add('list', 'every node').action(bound((command) => nodesAction('list', command, surroundings)));
  add('show', 'all that is known of a node')
    .argument('<id>', "the node's id")
    .action(bound((command) => nodesAction('show', command, surroundings)));
  add('refresh', 'read the nodes from Catchpoint or the nodes file')
    .option('--accept', 'believe a listing that misses more than a fifth of the nodes')
    .action(bound((command) => nodesAction('refresh', command, surroundings)));
  addNodesDiff(add('diff', 'which tag values two listings of the nodes would give otherwise'), surroundings, bound);
}

/** The program's help shows the options of its default command as well: the settings. */
function withRunInHelp(program: Command): Command {
  const own = program.createHelp();
  return program.usage('[command] [options]').configureHelp({
    visibleOptions(command) {
      const visible = own.visibleOptions(command);
      return command === program ? [...visible, ...settingOptions().filter(({ hidden }) => !hidden)] : visible;
    },
  });
}

const widest = 120;

function outputTo({ stdout, stderr }: CommandContext): OutputConfiguration {
  return {
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    getOutHelpWidth: () => Math.min(stdout.columns ?? widest, widest),
    getErrHelpWidth: () => Math.min(stderr.columns ?? widest, widest),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
}

async function runAction(command: Command, surroundings: CommandContext, version: string): Promise<number> {
  refuseUnknownCommand(command);
  const { clock, random, pid, stderr, env } = surroundings;
  const read = (): ConfigRead => loadConfig(flagsOf(command), env, { needsNodes: true });
  const running = read();
  const { config, warnings } = running;
  const log = openLog({ ...config.log, destination: stderr });
  for (const warning of warnings) log.warn(warning);
  const { run } = require('./run.js') as typeof import('./run.ts');
  const { systemdNotify } = require('../daemon/systemd-notify.js') as typeof import('../daemon/systemd-notify.ts');
  const { reloading } = require('../config/reload.js') as typeof import('../config/reload.ts');
  const { host, startWorker, startOutletThread } = surroundings;
  const ambient = {
    clock,
    random,
    log,
    pid,
    version,
    host,
    startWorker,
    startOutletThread,
    vitals: surroundings.vitals?.(),
  };
  await run(
    config,
    { ...ambient, reloading: reloading({ read, running, log, clock }) },
    surroundings,
    systemdNotify(env, log),
  );
  return 0;
}

/** As main.ts has it: the bridge is most of the program. */
const require = createRequire(import.meta.url);

/** What is no command's name reaches the default command as an argument. */
function refuseUnknownCommand(command: Command): void {
  const [unknown] = command.args;
  if (unknown === undefined) return;
  const names = (command.parent?.commands ?? []).map((other) => other.name());
  const meant = nearest(unknown, names);
  command.error(`error: unknown command '${unknown}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`);
}

async function manAction(
  program: Command,
  late: LazyCommands,
  { stdout }: CommandContext,
  version: string,
): Promise<number> {
  await late.completeAll();
  stdout.write((await import('./man-page/man-page.ts')).manPage(program, version));
  return 0;
}

async function checkAction(command: Command, surroundings: CommandContext): Promise<number> {
  const read = loadedQuietly(flagsOf(command), surroundings, true);
  const { stdout, clock, random, stop } = surroundings;
  const [{ check }, { probes }] = await Promise.all([import('./check.ts'), import('./probes/probes.ts')]);
  return check({ read, trials: probes({ clock, random, signal: stop }), write: (text) => stdout.write(text) });
}

async function nodesAction(
  what: 'list' | 'show' | 'refresh',
  command: Command,
  surroundings: CommandContext,
): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, what === 'refresh');
  const { clock, random, stop, stdout, stderr } = surroundings;
  const { accept = false, json = false } = command.opts<{ accept?: boolean; json?: boolean }>();
  const log = openLog({
    ...config.log,
    level: config.log.level === 'info' ? 'warn' : config.log.level,
    destination: stderr,
  });
  const nodes = await import('./nodes/nodes.ts');
  const asked = { config, clock, random, log, json, write: (text: string) => void stdout.write(text) };
  if (what === 'list') return nodes.listNodes(asked);
  if (what === 'show') return nodes.showNode({ ...asked, id: command.args[0] ?? '' });
  return nodes.refreshNodes({ ...asked, accept, signal: stop });
}
