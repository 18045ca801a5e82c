// The command lines of `demo` and `simulate`, which play a Catchpoint to try the bridge against.

import { type Command, InvalidArgumentError } from 'commander';
import { openLog } from '../../runtime/log.ts';
import { port } from '../../config/settings/addresses.ts';
import { expected } from '../../config/settings/values.ts';
import type { Bound, CommandContext } from '../command-context.ts';

interface DemoFlags {
  readonly tsdbHost?: string;
  readonly tsdbPort?: number;
  readonly rate?: number;
  readonly nodes?: number;
  readonly seconds?: number;
}

export function addDemo(command: Command, surroundings: CommandContext, bound: Bound): void {
  const { stdout, stderr, clock, random, pid, stop } = surroundings;
  command
    .helpOption('-h, --help', 'print this help')
    .option('-t, --tsdb-host <host>', 'feed this OpenTSDB, as for run (default: one that is built in)')
    .option('-p, --tsdb-port <port>', 'its port', valid(port))
    .option('--rate <number>', 'pushes a second (default: 100)', number)
    .option('--nodes <number>', 'how many nodes there are (default: 300)', number)
    .option('--seconds <number>', 'how long (default: until Ctrl-C)', number)
    .action(
      bound(async (given) => {
        const { tsdbHost, tsdbPort, ...flags } = given.opts<DemoFlags>();
        if (tsdbPort !== undefined && tsdbHost === undefined)
          given.error("error: option '-p, --tsdb-port' needs --tsdb-host");
        const tsdb =
          tsdbHost === undefined ? {} : { tsdb: { host: tsdbHost, ...(tsdbPort !== undefined && { port: tsdbPort }) } };
        const log = openLog({ level: 'warn', format: 'text', destination: stderr });
        const { demo } = await import('./demo.ts');
        return demo({
          ...flags,
          ...tsdb,
          clock,
          random,
          log,
          pid,
          write: (text) => void stdout.write(text),
          signal: stop,
        });
      }),
    );
}

interface SimulateFlags {
  readonly target: string;
  readonly rate?: number;
  readonly seconds?: number;
  readonly nodes?: number;
  readonly tests?: number;
  readonly template?: boolean;
  readonly freshConnections?: boolean;
  readonly seed?: number;
  readonly catchpointPort?: number;
}

export function addSimulate(command: Command, surroundings: CommandContext, bound: Bound): void {
  const { stdout, clock, random, stop } = surroundings;
  command
    .helpOption('-h, --help', 'print this help')
    .requiredOption('--target <url>', 'where to, such as http://bridge.example:8080/', valid(webAddress))
    .option('--rate <number>', 'pushes a second (default: 50)', number)
    .option('--seconds <number>', 'how long (default: until Ctrl-C)', number)
    .option('--nodes <number>', 'how many nodes push (default: 300)', number)
    .option('--tests <number>', 'how many tests they run (default: 10)', number)
    .option('--template', "push the bridge's own template in place of Catchpoint's JSON")
    .option('--fresh-connections', 'a connection for each push, as from as many agents')
    .option('--seed <number>', 'play the same again (default: the same world, in which other things happen)', number)
    .option('--catchpoint-port <port>', "also serve this Catchpoint's REST APIs, on this port of loopback", valid(port))
    .action(
      bound(async (given) => {
        const { simulate } = await import('./simulate.ts');
        return simulate({
          ...given.opts<SimulateFlags>(),
          clock,
          random,
          write: (text) => void stdout.write(text),
          signal: stop,
        });
      }),
    );
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

const number = valid((text) => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) throw expected('a number above 0', text);
  return value;
});

function webAddress(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text))
    throw expected('a URL such as http://bridge.example:8080/', text);
  return text;
}
