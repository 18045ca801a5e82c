// `simulate`: sends pushes to a bridge, like Catchpoint's agents.

import type { Command } from 'commander';
import { port } from '../config/settings/addresses.ts';
import { agents, type Agents, type AgentsStatus } from '../simulator/agents/agents.ts';
import { account } from '../simulator/rest/account.ts';
import { openRestApi } from '../simulator/rest/rest-api.ts';
import { incidents } from '../simulator/runs/incidents.ts';
import { simulatedTests } from '../simulator/runs/tests.ts';
import { seeded } from '../simulator/seeded.ts';
import type { SimulatedNode } from '../simulator/world/world-node.ts';
import { world } from '../simulator/world/world.ts';
import { argumentParser, httpUrl, positiveNumber } from './argument-parsers.ts';
import type { BindAction, CommandContext } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { everyInterval, withTimeLimit } from './interval.ts';
import { formatCount, formatMinutes, formatMs } from './terminal-text.ts';

export function define(command: Command, bind: BindAction): void {
  command
    .description("push to a bridge as Catchpoint's agents would")
    .requiredOption('--target <url>', 'where to, such as http://bridge.example:8080/', httpUrl())
    .option('--rate <number>', 'pushes a second (default: 50)', positiveNumber)
    .option('--seconds <number>', 'how long (default: until Ctrl-C)', positiveNumber)
    .option('--nodes <number>', 'how many nodes push (default: 300)', positiveNumber)
    .option('--tests <number>', 'how many tests they run (default: 10)', positiveNumber)
    .option('--template', "push the bridge's own template in place of Catchpoint's JSON")
    .option('--fresh-connections', 'a connection for each push, as from as many agents')
    .option(
      '--seed <number>',
      'play the same again (default: the same world, in which other things happen)',
      positiveNumber,
    )
    .option(
      '--catchpoint-port <port>',
      "also serve this Catchpoint's REST APIs, on this port of loopback",
      argumentParser(port),
    )
    .action(bind((given, context) => simulate(given.opts<SimulateFlags>(), context)));
}

export interface SimulateFlags {
  /** The push URL; its path may be a secret. */
  readonly target: string;
  /** Pushes a second; default 50. */
  readonly rate?: number;
  /** Default: until the signal. */
  readonly seconds?: number;
  /** Default 300. */
  readonly nodes?: number;
  /** Default 10. */
  readonly tests?: number;
  /** Pushes the bridge's own template in place of Catchpoint's JSON. */
  readonly template?: boolean;
  /** Opens a connection for each push. */
  readonly freshConnections?: boolean;
  /** Seeds the world and its events; default: one world with random events. */
  readonly seed?: number;
  /** Serves the REST APIs of this Catchpoint on this port. */
  readonly catchpointPort?: number;
}

type SimulateContext = Pick<CommandContext, 'clock' | 'random' | 'stdout' | 'stop'>;

/**
 * Exit code 69 when no push was answered 200, 1 when one was dropped.
 *
 * @throws an error with exit code 64 for an impossible option, and the error of the REST API's port
 */
export async function simulate(flags: SimulateFlags, context: SimulateContext): Promise<number> {
  const { nodes, tests, pushing } = newWorld(flags, context);
  const api = await openApi(flags, context, nodes);
  try {
    const speed = `${pushing.compression.toFixed(1)} times as often as in earnest`;
    const { origin } = new URL(flags.target);
    context.stdout.write(`${nodes.length} nodes run ${tests.length} tests, ${speed}, and push to ${origin}\n`);
    return await push(pushing, flags, context);
  } finally {
    await api?.close();
  }
}

function newWorld(flags: SimulateFlags, { clock, random: unseeded }: SimulateContext) {
  const { seed, nodes: count, rate = 50 } = flags;
  const random = seed === undefined ? unseeded : seeded(seed);
  try {
    const nodes = world({ ...(seed !== undefined && { seed }), ...(count !== undefined && { count }) });
    const tests = simulatedTests(flags.tests);
    const pushing = agents({ ...flags, clock, rate, random, nodes, tests, incidents: incidents({ nodes, random }) });
    return { nodes, tests, pushing };
  } catch (error) {
    throw Object.assign(error as Error, { exitCode: exitCodes.usage });
  }
}

async function openApi(
  { catchpointPort }: SimulateFlags,
  { clock, stdout }: SimulateContext,
  nodes: readonly SimulatedNode[],
) {
  if (catchpointPort === undefined) return undefined;
  const api = await openRestApi({ ...account, clock, nodes, port: catchpointPort });
  const { key, secret, apiKey } = account;
  stdout.write(`Catchpoint's REST APIs: ${api.url}   v1: key ${key}, secret ${secret}   v2: API key ${apiKey}\n`);
  return api;
}

async function push(
  pushing: Agents,
  { seconds }: SimulateFlags,
  { clock, stdout, stop }: SimulateContext,
): Promise<number> {
  const end = withTimeLimit(clock, seconds, stop);
  const startMs = clock.steady();
  let sentBefore = 0;
  const lines = everyInterval(clock, 1000, end, (sinceMs) => {
    const status = pushing.status();
    stdout.write(statusLine(clock.steady() - startMs, ((status.sent - sentBefore) / sinceMs) * 1000, status));
    sentBefore = status.sent;
  });
  await Promise.all([pushing.run(end), lines]);
  const status = pushing.status();
  stdout.write(summary(status, clock.steady() - startMs));
  if (status.accepted === 0) return exitCodes.unavailable;
  return status.dropped > 0 ? 1 : 0;
}

function statusLine(elapsedMs: number, rate: number, status: AgentsStatus): string {
  const { accepted, refused, unanswered, waiting } = status;
  return `${[
    `${formatMinutes(elapsedMs).padStart(6)}  ${formatCount(rate).padStart(6)} pushes/s`,
    `200: ${formatCount(accepted)}`,
    `answers ${answerTimes(status)}`,
    ...(refused > 0 ? [`refused ${formatCount(refused)}`] : []),
    ...(unanswered > 0 ? [`unanswered ${formatCount(unanswered)}`] : []),
    ...(waiting > 0 ? [`to be tried again ${formatCount(waiting)}`] : []),
  ].join('   ')}\n`;
}

function answerTimes({ answerMs }: AgentsStatus): string {
  return `p50 ${formatMs(answerMs.p50)}, p99 ${formatMs(answerMs.p99)}`;
}

function summary(status: AgentsStatus, elapsedMs: number): string {
  const { sent, accepted, retried, refused, unanswered, waiting, dropped } = status;
  return [
    '',
    `pushes sent        ${formatCount(sent)} in ${(elapsedMs / 1000).toFixed(1)} s, of which ${formatCount(retried)} again`,
    `answered 200       ${formatCount(accepted)}`,
    `refused            ${formatCount(refused)}`,
    `unanswered         ${formatCount(unanswered)}`,
    `dropped            ${formatCount(dropped)}${waiting > 0 ? `, and ${formatCount(waiting)} that would have been tried again` : ''}`,
    `answers            ${answerTimes(status)}`,
    '',
  ].join('\n');
}
