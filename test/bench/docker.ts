// Row 14: the Docker source on a simulated engine that takes two seconds for each container. A poll of 1,000 containers,
// and pushes to a bridge while it polls and between its polls: in one process, since two processes of one program differ
// by more than a poll costs.

import { setTimeout as pause } from 'node:timers/promises';
import { type Bodies, bodiesOf } from './bodies.ts';
import { contender } from './contender.ts';
import { type BridgeContender, startBridge } from './contenders.ts';
import type { Load } from './generator.ts';
import { type Measured, measured } from './loaded-bridge.ts';
import { median, range, ratios } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

const engine = new URL('./simulated-docker.js', import.meta.url).pathname;
const answerMs = 2000;
const bars = {
  poll: { way: 'at most', value: 30, digits: 1, unit: ' s' },
  memory: { way: 'at most', value: 100, digits: 0, unit: ' MB' },
  pushes: { way: 'at least', value: 0.95, digits: 2 },
  latency: { way: 'at most', value: 1.25, digits: 2 },
} as const satisfies Record<string, Bar>;
/** A poll of so many containers; one that takes longer than wanted ends with the samples that it has. */
const large = { containers: 1000, poll: '30s' };
/** A poll takes half of the interval: 100 containers are asked at once. */
const half = { containers: 500, poll: '20s', pollMs: 20_000 };
const connections = 16;
/** Six times the rate of a large account. */
const pushesASecond = 1000;
/** Two measurements fit into half an interval. */
const mostLoadSeconds = 3;
/** The time limits of a poll and of the rounds, for slow machines. */
const [mostPollSeconds, mostSeconds] = [90, 75];

/** The part of /healthz that is needed. */
interface Poll {
  /** ms since 1970 UTC */
  readonly atMs: number;
  readonly durationMs: number;
  readonly samples: number;
  readonly points: number;
}

type Phase = 'during' | 'between';
type Measurements = Readonly<Record<Phase, { readonly fast: Measured[]; readonly paced: Measured[] }>>;

export async function docker(settings: Settings): Promise<Row[]> {
  return [...(await pollRows(settings)), ...(await pushesRows(settings))];
}

/** Runs a bridge beside an engine. */
async function withEngine<Result>(
  { nodes, dir }: Settings,
  { containers, poll }: { readonly containers: number; readonly poll: string },
  measure: (bridge: BridgeContender) => Promise<Result>,
): Promise<Result> {
  const simulated = await contender([engine, String(containers), String(answerMs)], ({ url }) => url);
  try {
    const bridge = await startBridge({ nodes, dir, docker: { url: simulated.url, poll } });
    try {
      return await measure(bridge);
    } finally {
      await bridge.stop();
    }
  } finally {
    await simulated.stop();
  }
}

async function pollRows(settings: Settings): Promise<Row[]> {
  const { nodes, dir } = settings;
  const without = await startBridge({ nodes, dir });
  try {
    return await withEngine(settings, large, async (polling) => {
      const { durationMs, samples, points } = await pollOf(polling, 0);
      const [own, others] = [polling.ownBytes() / 1e6, without.ownBytes() / 1e6];
      const name = `poll of ${large.containers} containers, each answers after ${answerMs / 1000} s`;
      return [
        row(14, name, bars.poll, [durationMs / 1000], `${samples} samples, ${points} points`),
        row(
          14,
          'memory with this poll, more than without the source',
          bars.memory,
          [own - others],
          `${own.toFixed(0)} MB with it, ${others.toFixed(0)} MB without`,
        ),
      ];
    });
  } finally {
    await without.stop();
  }
}

async function pushesRows(settings: Settings): Promise<Row[]> {
  const { during, between } = await withEngine(settings, half, (bridge) => playRounds(bridge, settings));
  const rates = (rounds: readonly Measured[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const p99s = (rounds: readonly Measured[]): number[] => rounds.map(({ p99Ms }) => p99Ms);
  const tell = (rounds: readonly Measured[]): string =>
    `${median(rates(rounds)).toFixed(0)}/s (${range(rates(rounds), 0)}), p99 ${median(p99s(rounds)).toFixed(1)} ms (${range(p99s(rounds), 1)})`;
  return [
    row(
      14,
      'pushes/s during a poll ÷ between polls, 16 connections',
      bars.pushes,
      ratios(rates(during.fast), rates(between.fast)),
      `during ${tell(during.fast)}; between ${tell(between.fast)}`,
    ),
    row(
      14,
      `p99 during a poll ÷ between polls, ${pushesASecond} pushes/s, open loop`,
      bars.latency,
      ratios(p99s(during.paced), p99s(between.paced)),
      `during ${tell(during.paced)}; between ${tell(between.paced)}`,
    ),
  ];
}

/** A round is one interval: a poll, and the time to the next one. */
async function playRounds(bridge: BridgeContender, settings: Settings): Promise<Measurements> {
  const all: Measurements = { during: { fast: [], paced: [] }, between: { fast: [], paced: [] } };
  const bodies = bodiesOf({ kind: settings.body, nodeIds: bridge.nodeIds, tests: settings.tests });
  const load = { bodies, seconds: Math.min(settings.seconds, mostLoadSeconds), connections };
  // The first poll reads the details of each container as well; pushes meanwhile warm up.
  await measured(bridge, load);
  let { atMs: dueMs } = await pollOf(bridge, 0);
  for (const _ of roundsWithin({ most: settings.rounds, seconds: mostSeconds * settings.patience })) {
    dueMs += half.pollMs * Math.ceil((Date.now() - dueMs) / half.pollMs);
    await pause(dueMs - Date.now());
    const during = await bothLoads(bridge, load);
    const loadedMs = Date.now();
    const poll = await pollOf(bridge, dueMs);
    const between = await bothLoads(bridge, load);
    // On a slow machine one phase may reach into the other.
    if (loadedMs > poll.atMs + poll.durationMs || Date.now() > dueMs + half.pollMs) continue;
    all.during.fast.push(during.fast);
    all.during.paced.push(during.paced);
    all.between.fast.push(between.fast);
    all.between.paced.push(between.paced);
  }
  if (all.during.fast.length === 0) throw new Error('no poll lasted as long as the pushes beside it');
  return all;
}

async function bothLoads(
  bridge: BridgeContender,
  load: Omit<Load, 'url'> & { readonly bodies: Bodies },
): Promise<{ readonly fast: Measured; readonly paced: Measured }> {
  const fast = await measured(bridge, load);
  return { fast, paced: await measured(bridge, { ...load, rate: pushesASecond }) };
}

/** Waits for the end of the first poll that begins at this time or later; polls begin a little late. */
async function pollOf(bridge: BridgeContender, fromMs: number): Promise<Poll> {
  const endAtMs = performance.now() + mostPollSeconds * 1000;
  for (;;) {
    const health = (await (await fetch(`${bridge.ready['admin']}/healthz`)).json()) as {
      readonly docker: { readonly lastPoll?: Poll };
    };
    const { lastPoll } = health.docker;
    if (lastPoll !== undefined && lastPoll.atMs >= fromMs - half.pollMs / 4) return lastPoll;
    if (performance.now() > endAtMs) throw new Error(`no poll has ended within ${mostPollSeconds} s`);
    await pause(100);
  }
}
