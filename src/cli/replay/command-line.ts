// The command line of `replay`, and its choice of the destination.

import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { expected } from '../../config/settings/values.ts';
import { readAddresses } from '../../daemon/addresses-file.ts';
import { StateDirectoryTaken } from '../../daemon/state-directory-lock.ts';
import { wantedLabels } from '../../sources/catchpoint/run-tags.ts';
import { argumentParser, httpUrl, positiveNumber } from '../argument-parsers.ts';
import type { BindAction, CommandContext } from '../command-context.ts';
import { CommandError } from '../exit-codes.ts';
import { commandConfig, commandLog } from '../load-config.ts';
import { withSettings } from '../setting-options.ts';
import type { Destination } from './destination.ts';
import { ianaZone, timeArgument } from './time-argument.ts';

interface ReplayFlags {
  readonly to?: string;
  readonly since?: number;
  readonly until?: number;
  readonly test?: ReadonlySet<number>;
  readonly node?: ReadonlySet<number>;
  readonly rate?: number;
  readonly writtenInZone?: ReturnType<typeof ianaZone>;
}

export function define(command: Command, bind: BindAction, { clock }: Pick<CommandContext, 'clock'>): void {
  const time = argumentParser((text) => timeArgument(text, clock.now()));
  const add = (flags: string, text: string, parse: (value: string, previous: never) => unknown): void => {
    command.addOption(
      command
        .createOption(flags, text)
        .argParser(parse as (value: string, previous: unknown) => unknown)
        .helpGroup('Replay:'),
    );
  };
  withSettings(command)
    .description('feed archived pushes through the bridge again')
    .argument(
      '<files...>',
      "archives, other files of pushes a line, what the original's -f wrote; - is standard input",
    );
  add(
    '--since <time>',
    'runs of this time and later: 2026-11-18T09:00Z, 2026-11-18T09:00 Europe/Berlin, 2h (ago); UTC unless it says otherwise',
    time,
  );
  add('--until <time>', 'runs before this time', time);
  add('--test <ids>', 'runs of these tests alone, separated by commas', idList);
  add('--node <ids>', 'runs of these nodes alone, separated by commas', idList);
  add('--rate <number>', 'runs a second (default: 500 to a bridge, as many as go into a spool)', positiveNumber);
  add(
    '--to <url>',
    'push to this bridge (default: the one that uses the state directory, else into the spool there)',
    httpUrl(),
  );
  add(
    '--written-in-zone <zone>',
    "for records of the original's -f: the IANA zone of its machine",
    argumentParser(ianaZone),
  );
  command.action(bind(replayAction));
}

async function replayAction(command: Command, context: CommandContext): Promise<number> {
  const { stdin, stdout, stderr, clock, stop } = context;
  const flags = command.opts<ReplayFlags>();
  const { config } = commandConfig(command, context);
  const { replay } = await import('./replay.ts');
  return replay({
    files: command.args,
    filter: { sinceMs: flags.since, untilMs: flags.until, tests: flags.test, nodes: flags.node },
    rate: flags.rate,
    writtenIn: flags.writtenInZone,
    extras: config.metrics.timings,
    labels: wantedLabels(config.metrics),
    open: (onWait) => openDestination(flags.to, config, context, onWait),
    clock,
    stdin,
    stdout,
    stderr,
    signal: stop,
  });
}

/** The bridge of --to; else the spool of the state directory, or the bridge that uses it. */
async function openDestination(
  to: string | undefined,
  config: Config,
  { clock, random, pid, stderr }: CommandContext,
  onWait: (reason: string) => void,
): Promise<Destination> {
  const { toBridge } = await import('./to-bridge.ts');
  if (to !== undefined) return toBridge({ pushUrl: to, adminUrl: undefined, clock, random, onWait });
  const { intoSpool } = await import('./into-spool.ts');
  try {
    return await intoSpool(config, { clock, random, log: commandLog(config, stderr), pid });
  } catch (error) {
    if (!(error instanceof StateDirectoryTaken)) throw error;
    const listening = await readAddresses(config.stateDir);
    if (listening === undefined)
      throw new CommandError(`${error.message}; where that listens is not known, say it by --to`);
    const { push: pushUrl, admin: adminUrl, token: ownerToken } = listening;
    if (pushUrl === '') throw new CommandError(`${error.message}; that takes no pushes`);
    return toBridge({ pushUrl, adminUrl, ownerToken, clock, random, onWait });
  }
}

/** Repeated options add up. */
function idList(value: string, previous: ReadonlySet<number> = new Set()): ReadonlySet<number> {
  return new Set([...previous, ...value.split(',').map(argumentParser(id))]);
}

function id(text: string): number {
  const number = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || !Number.isSafeInteger(number) || number === 0)
    throw expected('ids, integers from 1 to 2^53-1', text);
  return number;
}
