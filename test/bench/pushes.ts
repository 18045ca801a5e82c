// The bridge under load beside the servers that do less: as fast as each answers, and then the bridge at shares of its peak.

import { bodiesOf } from './bodies.ts';
import type { Contender } from './contender.ts';
import { startBare, startBridge } from './contenders.ts';
import type { Load } from './generator.ts';
import { type Measured, measured } from './loaded-bridge.ts';
import { median, range } from './medians.ts';
import type { Settings } from './settings.ts';

interface Entrant {
  readonly letter: string;
  readonly words: string;
  readonly contender: Contender;
  readonly rounds: Measured[];
}

const sharesOfPeak = [0.1, 0.4, 0.7];

export async function pushes(settings: Settings): Promise<void> {
  const { nodes, tests, isTls, isNewEach, workers, against } = settings;
  const bridge = await startBridge({ nodes, isTls });
  const entrants: Entrant[] = [
    entrant('a', 'the bridge', bridge),
    entrant('b', 'bare node:http', await startBare('http', isTls)),
    entrant('c', 'the same, synced', await startBare('synced', isTls)),
    entrant('d', 'bare Koa', await startBare('koa', isTls)),
  ];
  if (against !== undefined) entrants.push(entrant('e', 'the other bridge', await startBridge({ nodes, isTls, root: against })));
  for (const count of workers) entrants.push(entrant(`w${count}`, `the bridge, workers: ${count}`, await startBridge({ nodes, isTls, workers: count })));
  const bodies = bodiesOf({ kind: settings.body, nodeIds: bridge.nodeIds, tests });
  const load = { bodies, seconds: settings.seconds, connections: settings.connections, isNewEach };
  console.log(`${settings.body}, ${bodies.bytes} bytes; ${settings.connections} connections${isTls ? ', TLS' : ''}${isNewEach ? ', a new one each push' : ''}; ${nodes} nodes, ${tests} tests; ${settings.rounds} rounds of ${settings.seconds} s\n`);
  try {
    for (const { contender } of entrants) await measured(contender, { ...load, seconds: Math.min(2, settings.seconds) });
    for (let round = 0; round < settings.rounds; round += 1) {
      for (const { contender, rounds } of entrants) rounds.push(await measured(contender, load));
    }
    tell(entrants);
    await tellSharesOfPeak(entrants[0] as Entrant, load);
  } finally {
    for (const { contender } of entrants) await contender.stop();
  }
}

function entrant(letter: string, words: string, contender: Contender): Entrant {
  return { letter, words, contender, rounds: [] };
}

function tell(entrants: readonly Entrant[]): void {
  console.log('| | pushes/s | range | points/s received | CPU a push | of it the owner\'s | p50 | p99 | p99.9 | failed | memory |\n|---|---|---|---|---|---|---|---|---|---|---|');
  for (const { letter, words, contender, rounds } of entrants) {
    const of = (key: keyof Measured): number => median(rounds.map((round) => round[key]));
    const perSecond = rounds.map((round) => round.perSecond);
    const cells = [
      ...[`(${letter}) ${words}`, median(perSecond).toFixed(0), range(perSecond, 0), of('pointsPerSecond').toFixed(0), `${of('cpuUs').toFixed(0)} µs`, `${of('ownerCpuUs').toFixed(0)} µs`],
      ...[of('p50Ms'), of('p99Ms'), of('p999Ms')].map((ms) => `${ms.toFixed(1)} ms`),
      ...[rounds.reduce((sum, { failures }) => sum + failures, 0), `${(contender.ownBytes() / 2 ** 20).toFixed(0)} MiB`],
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  const [bridge, ...others] = entrants as [Entrant, ...Entrant[]];
  console.log('');
  for (const other of others) {
    const ratio = (key: 'perSecond' | 'cpuUs' | 'ownerCpuUs'): readonly number[] => bridge.rounds.map((round, at) => round[key] / (other.rounds[at] as Measured)[key]);
    console.log(`a/${other.letter}: ${median(ratio('perSecond')).toFixed(2)} (${range(ratio('perSecond'), 2)}); CPU ${median(ratio('cpuUs')).toFixed(2)} (${range(ratio('cpuUs'), 2)}), the owners' ${median(ratio('ownerCpuUs')).toFixed(2)} (${range(ratio('ownerCpuUs'), 2)})`);
  }
}

/** At a fixed rate, each push's time counted from when it was due. */
async function tellSharesOfPeak({ contender, rounds }: Entrant, load: Omit<Load, 'url'>): Promise<void> {
  const peak = median(rounds.map(({ perSecond }) => perSecond));
  for (const share of sharesOfPeak) {
    const rate = Math.round(share * peak);
    const { p50Ms, p99Ms, p999Ms, failures, cpuUs } = await measured(contender, { ...load, rate, connections: load.connections * 4 });
    const times = [p50Ms, p99Ms, p999Ms].map((ms) => ms.toFixed(1));
    console.log(`at ${share * 100} % of its peak (${rate}/s): p50 ${times[0]} ms, p99 ${times[1]} ms, p99.9 ${times[2]} ms, ${failures} failed, CPU a push ${cpuUs.toFixed(0)} µs`);
  }
}
