// The command line: which commands there are, what they take, and which exit code an error deserves.

import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { addConfig } from './commands/configuration.ts';
import { addDoctor } from './commands/doctor/command-line.ts';
import { addForecast } from './commands/forecast-command.ts';
import { addDeadLetters, addSpool } from './commands/kept.ts';
import { loadConfig, loadedQuietly } from './commands/load-config.ts';
import { addNodesDiff } from './commands/nodes-diff-command.ts';
import { addReplay } from './commands/replay/command-line.ts';
import { flagsOf, settingOptions, withSettings } from './commands/setting-options.ts';
import { addDemo, addSimulate } from './commands/simulation.ts';
import { addSpoolWork } from './commands/spool-work.ts';
import type { Bound, Surroundings } from './commands/surroundings.ts';
import { addTemplate } from './commands/template-command.ts';
import { addTop } from './commands/top/command-line.ts';
import { addVerify } from './commands/verify.ts';
import { addWorker } from './commands/worker.ts';
import type { ConfigRead } from './config.ts';
import { nearest } from './settings/config-file.ts';
import { openLog } from './log.ts';

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
export async function runProgram(argv: readonly string[], version: string, surroundings: Surroundings): Promise<number> {
  let exitCode = 0;
  const program = commandLine(version, surroundings, (action) => async (...given) => {
    const command = given.at(-1) as Command;
    if (!keepRunningOnHangup.includes(command.name())) surroundings.stopOnHangup?.();
    exitCode = await action(command);
  });
  try {
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

function saidAndRuled({ message, exitCode = software, warnings = [] }: ExitError, { stderr }: Surroundings): number {
  for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
  for (const line of message.split('\n')) stderr.write(`error: ${line}\n`);
  return exitCode;
}

function commandLine(version: string, surroundings: Surroundings, bound: Bound): Command {
  const program = new Command('catchpoint-opentsdb-bridge')
    .description('Takes the results that Catchpoint\'s agents push, and puts them, sliced seven ways, into OpenTSDB.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput(outputTo(surroundings));
  withSettings(program.command('run', { isDefault: true }), 'run the bridge; the default')
    .allowExcessArguments()
    .action(bound((command) => runAction(command, surroundings, version)));
  withSettings(program.command('check'), 'print the configuration in effect and try what it names')
    .action(bound((command) => checkAction(command, surroundings)));
  addDoctor(program.command('doctor'), surroundings, bound);
  addConfig(program.command('config'), surroundings, bound);
  addNodes(program.command('nodes'), surroundings, bound);
  addDeadLetters(program.command('dead-letters'), surroundings, bound);
  const spool = program.command('spool');
  addSpool(spool, surroundings, bound);
  addVerify(spool.command('verify'), surroundings, bound);
  addReplay(withSettings(program.command('replay'), 'feed archived pushes through the bridge again'), surroundings, bound);
  addTop(program.command('top'), surroundings, bound);
  addTemplate(withSettings(program.command('template'), 'print the template to paste into Catchpoint, or check a body against it'), surroundings, bound);
  addForecast(withSettings(program.command('forecast'), 'how many series and points a second there will be'), surroundings, bound);
  addDemo(program.command('demo'), surroundings, bound);
  addSimulate(program.command('simulate'), surroundings, bound);
  addSpoolWork(program.command('spool-work', { hidden: true }), surroundings, bound);
  addWorker(program.command('worker', { hidden: true }), surroundings, bound);
  program.command('man', { hidden: true }).action(
    bound(async () => {
      surroundings.stdout.write((await import('./commands/man-page.ts')).manPage(program, version));
      return 0;
    }),
  );
  return withRunInHelp(program);
}

function addNodes(nodes: Command, surroundings: Surroundings, bound: Bound): void {
  nodes.description('show the nodes that are known, or read them anew').helpOption('-h, --help', 'print this help');
  const add = (name: string, description: string): Command =>
    withSettings(nodes.command(name).option('--json', 'for programs'), description);
  add('list', 'every node').action(bound((command) => nodesAction('list', command, surroundings)));
  add('show', 'all that is known of a node')
    .argument('<id>', 'the node\'s id')
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

function outputTo({ stdout, stderr }: Surroundings): OutputConfiguration {
  return {
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
    getOutHelpWidth: () => Math.min(stdout.columns ?? widest, widest),
    getErrHelpWidth: () => Math.min(stderr.columns ?? widest, widest),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  };
}

async function runAction(command: Command, surroundings: Surroundings, version: string): Promise<number> {
  refuseUnknownCommand(command);
  const { clock, random, pid, stderr, env } = surroundings;
  const read = (): ConfigRead => loadConfig(flagsOf(command), env, { needsNodes: true });
  const running = read();
  const { config, warnings } = running;
  const log = openLog({ ...config.log, destination: stderr });
  for (const warning of warnings) log.warn(warning);
  const [{ run }, { notifySocket }, { reloading }] = await Promise.all([
    import('./commands/run.ts'),
    import('./notify-socket.ts'),
    import('./reload.ts'),
  ]);
  const { host, startWorker } = surroundings;
  const ambient = { clock, random, log, pid, version, host, startWorker, vitals: surroundings.vitals?.() };
  await run(config, { ...ambient, reloading: reloading({ read, running, log, clock }) }, surroundings, notifySocket(env, log));
  return 0;
}

/** What is no command's name reaches the default command as an argument. */
function refuseUnknownCommand(command: Command): void {
  const [unknown] = command.args;
  if (unknown === undefined) return;
  const names = (command.parent?.commands ?? []).map((other) => other.name());
  const meant = nearest(unknown, names);
  command.error(`error: unknown command '${unknown}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`);
}

async function checkAction(command: Command, surroundings: Surroundings): Promise<number> {
  const read = loadedQuietly(flagsOf(command), surroundings, true);
  const { stdout, clock, random, stop } = surroundings;
  const [{ check }, { trials }] = await Promise.all([import('./commands/check.ts'), import('./commands/trials/trials.ts')]);
  return check({ read, trials: trials({ clock, random, signal: stop }), write: (text) => stdout.write(text) });
}

async function nodesAction(what: 'list' | 'show' | 'refresh', command: Command, surroundings: Surroundings): Promise<number> {
  const { config } = loadedQuietly(flagsOf(command), surroundings, what === 'refresh');
  const { clock, random, stop, stdout, stderr } = surroundings;
  const { accept = false, json = false } = command.opts<{ accept?: boolean; json?: boolean }>();
  const log = openLog({ ...config.log, level: config.log.level === 'info' ? 'warn' : config.log.level, destination: stderr });
  const nodes = await import('./commands/nodes.ts');
  const asked = { config, clock, random, log, json, write: (text: string) => void stdout.write(text) };
  if (what === 'list') return nodes.listNodes(asked);
  if (what === 'show') return nodes.showNode({ ...asked, id: command.args[0] ?? '' });
  return nodes.refreshNodes({ ...asked, accept, signal: stop });
}
