// Row 9: the cost of a push and of a point with more nodes, tests and backlog.

import { type Bodies, bodiesOf } from './bodies.ts';
import { type BridgeContender, type BridgeOptions, startBridge } from './contenders.ts';
import { drainBacklog, type Drained, pointsOf } from './drain.ts';
import { generate } from './generator.ts';
import { type Measured, measured, settled } from './loaded-bridge.ts';
import { median, ratios } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row } from './row.ts';
import type { Settings } from './settings.ts';

interface Grown {
  readonly label: string;
  readonly bar: Bar;
  readonly bodies: Bodies;
  readonly bridge: BridgeContender;
  readonly rounds: Measured[];
}

const atMost = (value: number): Bar => ({ way: 'at most', value, digits: 2 });
const slack = 1.1;
const threeSinks = 1.6;
/** Before the first round; fills the caches for each node. */
const pushesANode = 2;
/** Long enough for measurable differences. */
const [mostRounds, mostSeconds] = [3, 2];
/** The time limit of the rounds, for slow machines. */
const mostPartSeconds = 35;
const connections = 16;

/** @param all - drains of whole backlogs, measured before */
export async function growth(settings: Settings, all: readonly Drained[]): Promise<Row[]> {
  const { nodes, tests, dir, rounds, seconds, patience } = settings;
  const started = async (
    label: string,
    bar: Bar,
    options: Partial<BridgeOptions>,
    itsTests = tests,
  ): Promise<Grown> => {
    const bridge = await startBridge({ nodes, dir, ...options });
    const bodies = bodiesOf({ kind: settings.body, nodeIds: bridge.nodeIds, tests: itsTests });
    const { pushes } = await generate({
      url: bridge.url,
      bodies,
      seconds: Infinity,
      most: bridge.nodeIds.length * pushesANode,
      connections,
    });
    await settled(bridge, pushes * bridge.delivery.pointsAPush);
    return { label, bar, bridge, bodies, rounds: [] };
  };
  const first = await started('', atMost(1), {});
  const grown = [
    await started(`${nodes * 10} nodes ÷ ${nodes}`, atMost(slack), { nodes: nodes * 10 }),
    await started(`${tests * 10} tests ÷ ${tests}`, atMost(slack), {}, tests * 10),
    await started('3 sinks ÷ 1', atMost(threeSinks), { carbons: 2 }),
  ];
  try {
    for (const round of roundsWithin({
      most: Math.min(rounds, mostRounds) + 1,
      least: 2,
      seconds: mostPartSeconds * patience,
    })) {
      for (const each of round % 2 === 0 ? [first, ...grown] : [...grown, first]) {
        const one = await measured(each.bridge, {
          bodies: each.bodies,
          seconds: Math.min(seconds, mostSeconds),
          connections,
        });
        if (round > 0) each.rounds.push(one);
      }
    }
    return [...grown.map((each) => rowOf(each, first)), await backlogRow(settings, all)];
  } finally {
    for (const { bridge } of [first, ...grown]) await bridge.stop();
  }
}

function rowOf({ label, bar, rounds, bridge }: Grown, first: Grown): Row {
  const [own, usual] = [rounds, first.rounds].map((all) => all.map(({ cpuUs }) => cpuUs)) as [number[], number[]];
  const perSecond = [rounds, first.rounds].map((all) => median(all.map((round) => round.perSecond)).toFixed(0));
  const memory = [bridge, first.bridge].map((one) => (one.ownBytes() / 1e6).toFixed(0));
  return row(
    9,
    `CPU a push, ${label}`,
    bar,
    ratios(own, usual),
    `${median(own).toFixed(1)} ÷ ${median(usual).toFixed(1)} µs, ${perSecond.join(' and ')} pushes/s, ${memory.join(' and ')} MB of memory`,
  );
}

async function backlogRow({ nodes, tests, dir, rounds, backlog }: Settings, drained: readonly Drained[]): Promise<Row> {
  const [small, all]: [Drained[], Drained[]] = [[], [...drained]];
  const turns = Math.min(rounds, Math.max(1, drained.length));
  while (small.length < turns) {
    small.push(await drainBacklog({ nodes, tests, dir, backlog: Math.round(backlog / 10) }));
    if (all.length < turns) all.push(await drainBacklog({ nodes, tests, dir, backlog }));
  }
  const [ofSmall, ofAll] = [small, all].map((each) => each.map(({ cpuMs }) => cpuMs)) as [number[], number[]];
  const rates = [all, small].map((each) => median(each.map(({ pointsPerSecond }) => pointsPerSecond)).toFixed(0));
  return row(
    9,
    `CPU a point, a backlog of ${pointsOf(all)} points ÷ ${pointsOf(small)}`,
    atMost(slack),
    ratios(ofAll, ofSmall),
    `${median(ofAll).toFixed(2)} ÷ ${median(ofSmall).toFixed(2)} ms a thousand, ${rates.join(' and ')} points/s`,
  );
}
