// The command line of `replay`, and where a replay goes by it.

import { type Command, InvalidArgumentError } from 'commander';
import { openLog } from '../../runtime/log.ts';
import { StateDirectoryTaken } from '../../daemon/state-directory-lock.ts';
import { readAddresses } from '../../daemon/addresses-file.ts';
import type { Config } from '../../config/config.ts';
import { wantedLabels } from '../../sources/catchpoint/run-tags.ts';
import { expected } from '../../config/settings/values.ts';
import { loadConfig } from '../load-config.ts';
import { flagsOf } from '../setting-options.ts';
import type { Bound, CommandContext } from '../command-context.ts';
import { CannotReplay, type Destination } from './destination.ts';
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

/** @param command - with the settings' options on it */
export function addReplay(command: Command, surroundings: CommandContext, bound: Bound): void {
  const group = 'Replay:';
  const time = valid((text) => timeArgument(text, surroundings.clock.now()));
  const add = (flags: string, text: string, parse: (given: string, before: never) => unknown): void => {
    command.addOption(
      command
        .createOption(flags, text)
        .argParser(parse as (given: string, before: unknown) => unknown)
        .helpGroup(group),
    );
  };
  command.argument(
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
  add('--rate <number>', 'runs a second (default: 500 to a bridge, as many as go into a spool)', valid(positive));
  add(
    '--to <url>',
    'push to this bridge (default: the one that uses the state directory, else into the spool there)',
    valid(webAddress),
  );
  add('--written-in-zone <zone>', "for records of the original's -f: the IANA zone of its machine", valid(ianaZone));
  command.action(bound((given) => replayAction(given, surroundings)));
}

async function replayAction(command: Command, surroundings: CommandContext): Promise<number> {
  const { env, stdin, stdout, stderr, clock, stop } = surroundings;
  const flags = command.opts<ReplayFlags>();
  const { config, warnings } = loadConfig(flagsOf(command), env, { needsNodes: false });
  for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
  const { replay } = await import('./replay.ts');
  return replay({
    files: command.args,
    only: {
      sinceMs: flags.since,
      untilMs: flags.until,
      tests: flags.test,
      nodes: flags.node,
    },
    rate: flags.rate,
    writtenIn: flags.writtenInZone,
    extras: config.metrics.timings,
    labels: wantedLabels(config.metrics),
    open: (waits) => opened(flags.to, config, surroundings, waits),
    clock,
    stdin,
    stdout,
    stderr,
    signal: stop,
  });
}

/** The bridge that was named, else the spool, else the bridge that uses the state directory. */
async function opened(
  to: string | undefined,
  config: Config,
  surroundings: CommandContext,
  waits: (words: string) => void,
): Promise<Destination> {
  const { clock, random, pid, stderr } = surroundings;
  const { toBridge } = await import('./to-bridge.ts');
  if (to !== undefined) return toBridge({ pushUrl: to, adminUrl: undefined, clock, random, waits });
  const log = openLog({
    ...config.log,
    level: config.log.level === 'info' ? 'warn' : config.log.level,
    destination: stderr,
  });
  const { intoSpool } = await import('./into-spool.ts');
  try {
    return await intoSpool(config, { clock, random, log, pid });
  } catch (error) {
    if (!(error instanceof StateDirectoryTaken)) throw error;
    const listening = await readAddresses(config.stateDir);
    if (listening === undefined)
      throw new CannotReplay(`${error.message}; where that listens is not known, say it by --to`);
    return toBridge({
      pushUrl: listening.push,
      adminUrl: listening.admin,
      ownerToken: listening.token,
      clock,
      random,
      waits,
    });
  }
}

/** A parser whose error is one of the command line's. */
function valid<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

/** Given several times, they add up. */
function idList(given: string, before: ReadonlySet<number> = new Set()): ReadonlySet<number> {
  return new Set([...before, ...given.split(',').map(valid(id))]);
}

function id(text: string): number {
  const number = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || !Number.isSafeInteger(number) || number === 0)
    throw expected('ids, integers from 1 to 2^53-1', text);
  return number;
}

function positive(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0) throw expected('a number above 0', text);
  return number;
}

function webAddress(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text))
    throw expected('a URL such as http://bridge.example:8080/', text);
  return text;
}
