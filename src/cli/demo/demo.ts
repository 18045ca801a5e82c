// `demo`: runs the bridge between a simulated Catchpoint and an OpenTSDB, and shows the results.

import type { DaemonStatus } from '../../daemon/parts.ts';
import { exitCodes } from '../exit-codes.ts';
import { everyInterval, withTimeLimit } from '../interval.ts';
import { formatCount, formatMinutes, formatMs } from '../terminal-text.ts';
import { type DemoDocker, type DemoSetup, type DemoSetupOptions, openDemoSetup, type Releases } from './demo-setup.ts';

export interface DemoOptions extends Omit<DemoSetupOptions, 'rate' | 'nodes'> {
  /** Pushes a second; default 100. */
  readonly rate?: number;
  /** Default 300. */
  readonly nodes?: number;
  /** Default: until the signal. */
  readonly seconds?: number;
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
}

const tableEveryTicks = 10;
/** The time limit of the first node listing, and of the backlog at the end. */
const maxWaitMs = 10_000;

/**
 * Exit code 0 when no push was lost, 1 when one was, 69 when the bridge got no nodes.
 *
 * @throws what could not be opened
 */
export async function demo(options: DemoOptions): Promise<number> {
  const { rate = 100, nodes = 300, seconds, signal, clock, write } = options;
  const releases: Releases = [];
  try {
    const setup = await openDemoSetup({ ...options, rate, nodes }, releases);
    const { daemon, agents } = setup;
    write(addresses(setup, rate));
    if (!(await waitUntil(options, () => (daemon.status().nodes?.known ?? 0) > 0))) return noNodes(setup, options);
    const startMs = clock.steady();
    const end = withTimeLimit(clock, seconds, signal);
    await Promise.all([agents.run(end), show(setup, options, end)]);
    const elapsedMs = clock.steady() - startMs;
    await waitUntil({ clock }, () => isDrained(daemon.status()));
    const result = resultOf(setup);
    write(summary(result, setup, elapsedMs));
    return result.lost === 0 ? 0 : 1;
  } finally {
    for (const release of releases.toReversed()) await release();
  }
}

/** Polls a condition until it holds, the time limit or the signal. */
async function waitUntil(
  { clock, signal }: Pick<DemoOptions, 'clock'> & Partial<DemoOptions>,
  condition: () => boolean,
): Promise<boolean> {
  const untilMs = clock.steady() + maxWaitMs;
  while (!condition() && clock.steady() < untilMs && signal?.aborted !== true) await clock.sleep(20);
  return condition();
}

function noNodes({ daemon }: DemoSetup, { write, signal }: DemoOptions): number {
  if (signal.aborted) return 0;
  write(`the bridge got no nodes: ${daemon.status().nodes?.lastError ?? `none within ${maxWaitMs / 1000} s`}\n`);
  return exitCodes.unavailable;
}

function addresses({ catchpointUrl, nodes, daemon, tsdbUrl, table, agents, docker }: DemoSetup, rate: number): string {
  const countries = new Set(nodes.map(({ country }) => country.name)).size;
  return [
    `Catchpoint (simulated)   ${catchpointUrl}   ${nodes.length} nodes in ${countries} countries, ${formatCount(rate)} pushes a second`,
    ...(docker === undefined
      ? []
      : [`Docker (simulated)       ${docker.url}   ${docker.containers} containers, polled every two seconds`]),
    `bridge, takes pushes     ${daemon.pushUrl}`,
    `bridge, status page      ${daemon.adminUrl}/   (in a terminal: top --admin-url ${daemon.adminUrl})`,
    `bridge, health           ${daemon.adminUrl}/healthz`,
    `OpenTSDB ${table === undefined ? '               ' : '(simulated)    '} ${tsdbUrl}`,
    '',
    `Time goes ${agents.compression.toFixed(0)} times as fast as in earnest. Ctrl-C ends it.`,
    ...(table === undefined ? [`Look into OpenTSDB for ${exampleMetrics(docker)} and the like.`] : []),
    '',
    '',
  ].join('\n');
}

function exampleMetrics(docker: DemoDocker | undefined): string {
  return `catchpoint.rtt.by_continent.204417${docker === undefined ? '' : ', docker.cpu.percent'}`;
}

/** Writes a line a second, each incident, and the tables every ten seconds. */
function show(
  { agents, daemon, incidents, table, docker }: DemoSetup,
  { clock, write }: DemoOptions,
  end: AbortSignal,
): Promise<void> {
  const startMs = clock.steady();
  let previous = { sent: 0, accepted: 0, incident: incidents(clock.now()) };
  let ticks = 0;
  return everyInterval(clock, 1000, end, (sinceMs) => {
    const { sent } = agents.status();
    const status = daemon.status();
    const { accepted } = sinkOf(status);
    const perSecond = (count: number): number => (count / sinceMs) * 1000;
    const rates = { pushes: perSecond(sent - previous.sent), points: perSecond(accepted - previous.accepted) };
    write(statusLine(clock.steady() - startMs, rates, status));
    const incident = incidents(clock.now());
    if (incident !== undefined && incident !== previous.incident) write(`        ⚡ ${incident.title}\n`);
    previous = { sent, accepted, incident };
    ticks += 1;
    if (table === undefined || ticks % tableEveryTicks !== 0) return;
    write(`\n${tableTitle}\n\n${table.table()}\n\n`);
    if (docker !== undefined) write(`${dockerTitle}\n\n${docker.table.table()}\n\n`);
  });
}

const tableTitle =
  'What OpenTSDB got in the last ten seconds: RTT of DNS, ping and traceroute tests, errors of all tests';

const dockerTitle = 'What OpenTSDB got of the containers; restarts and OOM kills since the start of the demo';

function statusLine(
  elapsedMs: number,
  { pushes, points }: { readonly pushes: number; readonly points: number },
  status: DaemonStatus,
): string {
  const { accepted, rejected, kept, backlog, lastError } = sinkOf(status);
  const rates = `${formatCount(pushes).padStart(5)} pushes/s ${formatCount(points).padStart(7)} points/s`;
  const verdicts = `accepted ${formatCount(accepted)}   rejected ${formatCount(rejected)}   kept ${formatCount(kept)}`;
  const problem = lastError === undefined ? '' : `        OpenTSDB: ${lastError}\n`;
  return `${formatMinutes(elapsedMs).padStart(5)}  ${rates}   ${verdicts}   backlog ${formatCount(backlog.points)}\n${problem}`;
}

interface Result {
  readonly taken: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly waiting: number;
  /** Pushes that were answered 200 and are not in OpenTSDB or the bridge. */
  readonly lost: number;
}

function resultOf({ agents, daemon, table }: DemoSetup): Result {
  const status = daemon.status();
  const { taken, duplicate, conflict } = status.pushes ?? { taken: 0, duplicate: 0, conflict: 0 };
  const { accepted, rejected, backlog } = sinkOf(status);
  const isComplete = backlog.points === 0 && rejected === 0;
  const known = table !== undefined && isComplete ? table.runsStored() : taken + duplicate + conflict;
  const lost = Math.max(0, agents.status().accepted - known);
  return { taken, accepted, rejected, waiting: backlog.points, lost };
}

function summary(
  { taken, accepted, rejected, waiting, lost }: Result,
  { agents, daemon }: DemoSetup,
  elapsedMs: number,
): string {
  const { sent, answerMs } = agents.status();
  return [
    '',
    `pushes    sent ${formatCount(sent)}, taken ${formatCount(taken)}, in ${(elapsedMs / 1000).toFixed(1)} s`,
    `points    accepted ${formatCount(accepted)}, rejected ${formatCount(rejected)}${waiting > 0 ? `, waiting ${formatCount(waiting)}` : ''}`,
    `answers   p50 ${formatMs(answerMs.p50)}, p99 ${formatMs(answerMs.p99)}`,
    ...containersLine(daemon.status()),
    `lost      ${formatCount(lost)}`,
    '',
  ].join('\n');
}

function containersLine({ docker }: DaemonStatus): string[] {
  if (docker === undefined) return [];
  const { samples, polls, skipped, events } = docker;
  const left = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  const seen = `exits ${formatCount(events.exits)}, restarts ${formatCount(events.restarts)}, OOM kills ${formatCount(events.oomKills)}`;
  return [
    `docker    samples ${formatCount(samples)} in ${formatCount(polls.completed)} polls, skipped ${formatCount(left)}; ${seen}`,
  ];
}

/** True without a backlog, and when the sink does not accept it. */
function isDrained(status: DaemonStatus): boolean {
  const { backlog, lastError } = sinkOf(status);
  return backlog.points === 0 || lastError !== undefined;
}

function sinkOf({ sinks }: DaemonStatus): DaemonStatus['sinks'][number] {
  return sinks[0] as DaemonStatus['sinks'][number];
}
