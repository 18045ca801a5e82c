// The `simulate` command: a whole Catchpoint's agents, pushing to any bridge.

import type { Clock } from '../../runtime/clock.ts';
import { account } from '../../simulator/rest/account.ts';
import { agents, type Agents, type AgentsStatus } from '../../simulator/agents/agents.ts';
import { incidents } from '../../simulator/runs/incidents.ts';
import { openRestApi } from '../../simulator/rest/rest-api.ts';
import { seeded } from '../../simulator/seeded.ts';
import { simulatedTests } from '../../simulator/runs/tests.ts';
import { world } from '../../simulator/world/world.ts';
import type { SimulatedNode } from '../../simulator/world/world-node.ts';
import { count, endAfter, everyTick, milliseconds, minutes } from '../ticker.ts';

export interface SimulateOptions {
  /** Where the pushes go, such as http://127.0.0.1:8080. */
  readonly target: string;
  /** Pushes a second; default 50. */
  readonly rate?: number;
  /** How long; default until the signal. */
  readonly seconds?: number;
  /** How many nodes; default 300. */
  readonly nodes?: number;
  /** How many tests; default 10. */
  readonly tests?: number;
  /** Pushes the bridge's own template in place of Catchpoint's default JSON. */
  readonly template?: boolean;
  /** A connection for each push, as from as many agents. */
  readonly freshConnections?: boolean;
  /** Of the world and of all that happens in it; by default always the same world, in which other things happen. */
  readonly seed?: number;
  /** Also serves the REST APIs of this Catchpoint, on this port. */
  readonly catchpointPort?: number;
  readonly clock: Clock;
  /** In [0, 1), as Math.random gives. */
  readonly random: () => number;
  /** Takes what is for standard output, with its line ends. */
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
}

const usage = 64;
const unavailable = 69;

/**
 * Pushes until the signal or for some seconds. Exit code 69 when no push was answered 200, 1 when one was dropped.
 *
 * @throws an error with the exit code 64 for an option that cannot be, and what opening the REST API's port throws
 */
export async function simulate(options: SimulateOptions): Promise<number> {
  const random = options.seed === undefined ? options.random : seeded(options.seed);
  const { nodes, tests, pushing } = asUsage(() => cast(options, random));
  const api = await catchpointApi(options, nodes);
  try {
    const speed = `${pushing.compression.toFixed(1)} times as often as in earnest`;
    // The rest of the target may be a secret.
    const { origin } = new URL(options.target);
    options.write(`${nodes.length} nodes run ${tests.length} tests, ${speed}, and push to ${origin}\n`);
    return await push(pushing, options);
  } finally {
    await api?.close();
  }
}

/** Everybody who takes part. */
function cast(options: SimulateOptions, random: () => number) {
  const nodes = world({ ...given('seed', options.seed), ...given('count', options.nodes) });
  const tests = simulatedTests(options.tests);
  const { rate = 50 } = options;
  const pushing = agents({ ...options, rate, random, nodes, tests, incidents: incidents({ nodes, random }) });
  return { nodes, tests, pushing };
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

/** What is wrong with the world or the agents is wrong with the options. */
function asUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw Object.assign(error as Error, { exitCode: usage });
  }
}

async function catchpointApi({ catchpointPort, clock, write }: SimulateOptions, nodes: readonly SimulatedNode[]) {
  if (catchpointPort === undefined) return undefined;
  const api = await openRestApi({ ...account, clock, nodes, port: catchpointPort });
  const { key, secret, apiKey } = account;
  write(`Catchpoint's REST APIs: ${api.url}   v1: key ${key}, secret ${secret}   v2: API key ${apiKey}\n`);
  return api;
}

async function push(pushing: Agents, { clock, write, seconds, signal }: SimulateOptions): Promise<number> {
  const end = endAfter(clock, seconds, signal);
  const startMs = clock.steady();
  let sentBefore = 0;
  const shown = everyTick(clock, 1000, end, (sinceMs) => {
    const status = pushing.status();
    write(line(clock.steady() - startMs, ((status.sent - sentBefore) / sinceMs) * 1000, status));
    sentBefore = status.sent;
  });
  await Promise.all([pushing.run(end), shown]);
  const status = pushing.status();
  write(summary(status, clock.steady() - startMs));
  if (status.accepted === 0) return unavailable;
  return status.dropped > 0 ? 1 : 0;
}

function line(
  elapsedMs: number,
  rate: number,
  { accepted, refused, unanswered, waiting, answerMs }: AgentsStatus,
): string {
  const faults = [
    ...(refused > 0 ? [`refused ${count(refused)}`] : []),
    ...(unanswered > 0 ? [`unanswered ${count(unanswered)}`] : []),
    ...(waiting > 0 ? [`to be tried again ${count(waiting)}`] : []),
  ];
  const answers = `answers p50 ${milliseconds(answerMs.p50)}, p99 ${milliseconds(answerMs.p99)}`;
  const rates = `${minutes(elapsedMs).padStart(6)}  ${count(rate).padStart(6)} pushes/s`;
  return `${[rates, `200: ${count(accepted)}`, answers, ...faults].join('   ')}\n`;
}

function summary(status: AgentsStatus, elapsedMs: number): string {
  const { sent, accepted, retried, refused, unanswered, waiting, dropped, answerMs } = status;
  return [
    '',
    `pushes sent        ${count(sent)} in ${(elapsedMs / 1000).toFixed(1)} s, of which ${count(retried)} again`,
    `answered 200       ${count(accepted)}`,
    `refused            ${count(refused)}`,
    `unanswered         ${count(unanswered)}`,
    `dropped            ${count(dropped)}${waiting > 0 ? `, and ${count(waiting)} that would have been tried again` : ''}`,
    `answers            p50 ${milliseconds(answerMs.p50)}, p99 ${milliseconds(answerMs.p99)}`,
    '',
  ].join('\n');
}
