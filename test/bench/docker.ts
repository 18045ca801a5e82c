// Row 14: a poll of 1,000 containers on an engine that takes two seconds for each, and pushes meanwhile to a bridge with
// the source and to one without, in turns.

import { setTimeout as pause } from 'node:timers/promises';
import { type Bodies, bodiesOf } from './bodies.ts';
import { contender } from './contender.ts';
import { type BridgeContender, startBridge } from './contenders.ts';
import { type Measured, measured } from './loaded-bridge.ts';
import { median, range, ratios } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

const engine = new URL('./simulated-docker.js', import.meta.url).pathname;
const [containers, answerMs] = [1000, 2000];
/** A poll that takes longer than wanted ends with the samples that it has. */
const interval = '30s';
const bars = {
  poll: { way: 'at most', value: 30, digits: 1, unit: ' s' },
  memory: { way: 'at most', value: 100, digits: 0, unit: ' MB' },
  pushes: { way: 'at least', value: 0.95, digits: 2 },
} as const satisfies Record<string, Bar>;
const connections = 16;
/** The time limits of a poll and of the rounds, for slow machines. */
const [mostPollSeconds, mostSeconds] = [90, 60];

interface Runner {
  readonly label: string;
  readonly bridge: BridgeContender;
  readonly bodies: Bodies;
  readonly rounds: Measured[];
}

/** The part of /healthz that is needed. */
interface Health {
  readonly docker: {
    readonly lastPoll?: { readonly durationMs: number; readonly samples: number; readonly points: number };
    readonly polls: { readonly completed: number };
    readonly samples: number;
  };
}

export async function docker(settings: Settings): Promise<Row[]> {
  const simulated = await contender([engine, String(containers), String(answerMs)], ({ url }) => url);
  const running = new Set<BridgeContender>();
  const start = async (label: string, poll?: string): Promise<Runner> => {
    const { nodes, tests, dir, body } = settings;
    const bridge = await startBridge({
      nodes,
      dir,
      docker: poll === undefined ? undefined : { url: simulated.url, poll },
    });
    running.add(bridge);
    return { label, bridge, bodies: bodiesOf({ kind: body, nodeIds: bridge.nodeIds, tests }), rounds: [] };
  };
  const stop = async (bridge: BridgeContender): Promise<void> => {
    running.delete(bridge);
    await bridge.stop();
  };
  try {
    const without = await start('without the source');
    const once = await start('with it', interval);
    const rows = await pollRows(once.bridge, without.bridge);
    await stop(once.bridge);
    // It polls all the time: the next poll is due before the one before is over.
    const polling = await start('with it', '1s');
    await polled(polling.bridge);
    await playRounds([without, polling], settings);
    return [...rows, await pushesRow(polling, without)];
  } finally {
    for (const bridge of running) await stop(bridge);
    await simulated.stop();
  }
}

async function pollRows(polling: BridgeContender, without: BridgeContender): Promise<Row[]> {
  const { durationMs, samples, points } = await polled(polling);
  const [own, others] = [polling.ownBytes() / 1e6, without.ownBytes() / 1e6];
  const name = `poll of ${containers} containers, each answers after ${answerMs / 1000} s`;
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
}

async function playRounds(runners: readonly Runner[], { rounds: most, seconds, patience }: Settings): Promise<void> {
  for (const round of roundsWithin({ most: most + 1, least: 2, seconds: mostSeconds * patience })) {
    for (const { bridge, bodies, rounds } of round % 2 === 0 ? runners : runners.toReversed()) {
      const one = await measured(bridge, { bodies, seconds, connections });
      // The first round warms up.
      if (round > 0) rounds.push(one);
    }
  }
}

async function pushesRow(polling: Runner, without: Runner): Promise<Row> {
  const { polls, samples } = await healthOf(polling.bridge);
  return row(
    14,
    'pushes/s during polls ÷ without the source, 16 connections',
    bars.pushes,
    ratios(perSecond(polling), perSecond(without)),
    `${summary(polling)}; ${summary(without)}; ${samples} samples in ${polls.completed} polls`,
  );
}

async function healthOf(bridge: BridgeContender): Promise<Health['docker']> {
  return ((await (await fetch(`${bridge.ready['admin']}/healthz`)).json()) as Health).docker;
}

/** Waits for the end of the first poll. */
async function polled(bridge: BridgeContender): Promise<NonNullable<Health['docker']['lastPoll']>> {
  const endAtMs = performance.now() + mostPollSeconds * 1000;
  for (;;) {
    const { lastPoll } = await healthOf(bridge);
    if (lastPoll !== undefined) return lastPoll;
    if (performance.now() > endAtMs) throw new Error(`no poll has ended within ${mostPollSeconds} s`);
    await pause(100);
  }
}

function perSecond({ rounds }: Runner): number[] {
  return rounds.map((round) => round.perSecond);
}

function summary({ label, rounds }: Runner): string {
  const rates = rounds.map((round) => round.perSecond);
  const of = (name: 'p99Ms' | 'cpuUs'): string => median(rounds.map((round) => round[name])).toFixed(1);
  return `${label} ${median(rates).toFixed(0)}/s (${range(rates, 0)}), p99 ${of('p99Ms')} ms, CPU ${of('cpuUs')} µs a push`;
}
