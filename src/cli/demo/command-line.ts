// The command line of `demo`.

import type { Command } from 'commander';
import { port } from '../../config/settings/addresses.ts';
import { openLog } from '../../runtime/log.ts';
import { argumentParser, positiveNumber } from '../argument-parsers.ts';
import type { BindAction, CommandContext } from '../command-context.ts';

interface DemoFlags {
  readonly tsdbHost?: string;
  readonly tsdbPort?: number;
  readonly rate?: number;
  readonly nodes?: number;
  readonly docker?: boolean;
  readonly seconds?: number;
}

export function define(command: Command, bind: BindAction): void {
  command
    .description('watch the bridge at work: a simulated Catchpoint pushes, an OpenTSDB takes the points')
    .option('-t, --tsdb-host <host>', 'feed this OpenTSDB, as for run (default: one that is built in)')
    .option('-p, --tsdb-port <port>', 'its port', argumentParser(port))
    .option('--rate <number>', 'pushes a second (default: 100)', positiveNumber)
    .option('--nodes <number>', 'how many nodes there are (default: 300)', positiveNumber)
    .option('--docker', 'also poll a simulated Docker Engine, and show its containers')
    .option('--seconds <number>', 'how long (default: until Ctrl-C)', positiveNumber)
    .action(bind(demoAction));
}

async function demoAction(command: Command, context: CommandContext): Promise<number> {
  const { stdout, stderr, clock, random, pid, stop: signal } = context;
  const { tsdbHost: host, tsdbPort: port, docker: hasDocker = false, ...flags } = command.opts<DemoFlags>();
  if (port !== undefined && host === undefined) command.error("error: option '-p, --tsdb-port' needs --tsdb-host");
  const { demo } = await import('./demo.ts');
  return demo({
    ...flags,
    hasDocker,
    ...(host !== undefined && { tsdb: { host, ...(port !== undefined && { port }) } }),
    clock,
    random,
    pid,
    signal,
    log: openLog({ level: 'warn', format: 'text', destination: stderr }),
    write: (text) => stdout.write(text),
  });
}
