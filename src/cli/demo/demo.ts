// The `demo` command: the bridge at work between a simulated Catchpoint and an OpenTSDB, for people to watch.

import type { DaemonStatus } from '../../daemon/parts.ts';
import { openDemoSetup, type Releases, type DemoSetup, type DemoSetupOptions } from './demo-setup.ts';
import { count, endAfter, everyTick, milliseconds, minutes } from '../ticker.ts';

export interface DemoOptions extends Omit<DemoSetupOptions, 'rate' | 'nodes'> {
  /** Pushes a second; default 100. */
  readonly rate?: number;
  /** How many nodes; default 300. */
  readonly nodes?: number;
  /** How long; default until the signal. */
  readonly seconds?: number;
  /** Takes what is for standard output, with its line ends. */
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
}

const unavailable = 69;
const tableEveryTicks = 10;
/** How long the nodes are waited for, and at the end what still waits for OpenTSDB. */
const patienceMs = 10_000;

/**
 * Plays until the signal or for some seconds. Exit code 0 when nothing was lost, 69 when the bridge got no nodes.
 *
 * @throws what could not be opened
 */
export async function demo(options: DemoOptions): Promise<number> {
  const { rate = 100, nodes = 300, seconds, signal, clock, write } = options;
  const releases: Releases = [];
  try {
    const stage = await openDemoSetup({ ...options, rate, nodes }, releases);
    write(addresses(stage, rate));
    if (!(await isSoon(options, () => (stage.daemon.status().nodes?.known ?? 0) > 0))) return noNodes(stage, options);
    const startMs = clock.steady();
    const end = endAfter(clock, seconds, signal);
    await Promise.all([stage.agents.run(end), show(stage, options, end)]);
    const pushedMs = clock.steady() - startMs;
    await isSoon({ clock }, () => isSettled(stage.daemon.status()));
    const outcome = outcomeOf(stage);
    write(summary(outcome, stage, pushedMs));
    return outcome.lost === 0 ? 0 : 1;
  } finally {
    for (const release of releases.toReversed()) await release();
  }
}

/** Whether it comes true before our patience is over. */
async function isSoon(
  { clock, signal }: Pick<DemoOptions, 'clock'> & Partial<DemoOptions>,
  isTrue: () => boolean,
): Promise<boolean> {
  const untilMs = clock.steady() + patienceMs;
  while (!isTrue() && clock.steady() < untilMs && signal?.aborted !== true) await clock.sleep(20);
  return isTrue();
}

function noNodes({ daemon }: DemoSetup, { write, signal }: DemoOptions): number {
  if (signal.aborted) return 0;
  write(`the bridge got no nodes: ${daemon.status().nodes?.lastError ?? `none within ${patienceMs / 1000} s`}\n`);
  return unavailable;
}

function addresses({ catchpointUrl, nodes, daemon, tsdbUrl, board, agents }: DemoSetup, rate: number): string {
  const countries = new Set(nodes.map(({ country }) => country.name)).size;
  return [
    `Catchpoint (simulated)   ${catchpointUrl}   ${nodes.length} nodes in ${countries} countries, ${count(rate)} pushes a second`,
    `bridge, takes pushes     ${daemon.pushUrl}`,
    `bridge, status page      ${daemon.adminUrl}/   (in a terminal: top --admin-url ${daemon.adminUrl})`,
    `bridge, health           ${daemon.adminUrl}/healthz`,
    `OpenTSDB ${board === undefined ? '               ' : '(simulated)    '} ${tsdbUrl}`,
    '',
    `Time goes ${agents.compression.toFixed(0)} times as fast as in earnest. Ctrl-C ends it.`,
    ...(board === undefined ? ['Look into OpenTSDB for catchpoint.rtt.by_continent.204417 and its like.'] : []),
    '',
    '',
  ].join('\n');
}

/** A line a second, what goes wrong in the simulated world, and a table now and then. */
function show(
  { agents, daemon, incidents, board }: DemoSetup,
  { clock, write }: DemoOptions,
  end: AbortSignal,
): Promise<void> {
  const startMs = clock.steady();
  let before = { sent: 0, accepted: 0, incident: incidents(clock.now()) };
  let ticks = 0;
  return everyTick(clock, 1000, end, (sinceMs) => {
    const { sent } = agents.status();
    const status = daemon.status();
    const { accepted } = sinkOf(status);
    const perSecond = (amount: number): number => (amount / sinceMs) * 1000;
    write(line(clock.steady() - startMs, perSecond(sent - before.sent), perSecond(accepted - before.accepted), status));
    const incident = incidents(clock.now());
    if (incident !== undefined && incident !== before.incident) write(`        ⚡ ${incident.title}\n`);
    before = { sent, accepted, incident };
    ticks += 1;
    if (board !== undefined && ticks % tableEveryTicks === 0) write(`\n${tableTitle}\n\n${board.table()}\n\n`);
  });
}

const tableTitle =
  'What OpenTSDB got in the last ten seconds: RTT of DNS, ping and traceroute tests, errors of all tests';

function line(elapsedMs: number, pushes: number, points: number, status: DaemonStatus): string {
  const { accepted, rejected, kept, lastError } = sinkOf(status);
  const verdicts = `accepted ${count(accepted)}   rejected ${count(rejected)}   kept ${count(kept)}   backlog ${count(backlogOf(status))}`;
  const rates = `${count(pushes).padStart(5)} pushes/s ${count(points).padStart(7)} points/s`;
  const trouble = lastError === undefined ? '' : `        OpenTSDB: ${lastError}\n`;
  return `${minutes(elapsedMs).padStart(5)}  ${rates}   ${verdicts}\n${trouble}`;
}

interface Outcome {
  readonly taken: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly waiting: number;
  /** Pushes that were answered 200 and are nowhere. */
  readonly lost: number;
}

function outcomeOf({ agents, daemon, board }: DemoSetup): Outcome {
  const status = daemon.status();
  const { taken, duplicate, conflict } = status.pushes ?? { taken: 0, duplicate: 0, conflict: 0 };
  const { accepted, rejected } = sinkOf(status);
  const waiting = backlogOf(status);
  const isAllThrough = waiting === 0 && rejected === 0;
  const known = board !== undefined && isAllThrough ? board.runsStored() : taken + duplicate + conflict;
  return { taken, accepted, rejected, waiting, lost: Math.max(0, agents.status().accepted - known) };
}

function summary(
  { taken, accepted, rejected, waiting, lost }: Outcome,
  { agents }: DemoSetup,
  elapsedMs: number,
): string {
  const { sent, answerMs } = agents.status();
  return [
    '',
    `pushes    sent ${count(sent)}, taken ${count(taken)}, in ${(elapsedMs / 1000).toFixed(1)} s`,
    `points    accepted ${count(accepted)}, rejected ${count(rejected)}${waiting > 0 ? `, waiting ${count(waiting)}` : ''}`,
    `answers   p50 ${milliseconds(answerMs.p50)}, p99 ${milliseconds(answerMs.p99)}`,
    `lost      ${count(lost)}`,
    '',
  ].join('\n');
}

/** Nothing waits any more, or nobody takes it. */
function isSettled(status: DaemonStatus): boolean {
  return backlogOf(status) === 0 || sinkOf(status).lastError !== undefined;
}

function sinkOf({ sinks }: DaemonStatus): DaemonStatus['sinks'][number] {
  return sinks[0] as DaemonStatus['sinks'][number];
}

function backlogOf(status: DaemonStatus): number {
  return sinkOf(status).backlog.points;
}
