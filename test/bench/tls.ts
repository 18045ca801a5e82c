// Row 10: pushes over TLS with a P-256 certificate, on new connections as from Catchpoint's agents, and on kept ones,
// with and without workers.

import { type Bodies, bodiesOf } from './bodies.ts';
import { type BridgeContender, startBridge } from './contenders.ts';
import { type Measured, measured } from './loaded-bridge.ts';
import { median, range, ratios } from './medians.ts';
import { roundsWithin } from './rounds.ts';
import { type Bar, type Row, row, unmeasured, wantedOf } from './row.ts';
import type { Settings } from './settings.ts';

interface Runner {
  readonly label: string;
  readonly isOlder: boolean;
  readonly bridge: BridgeContender;
  readonly bodies: Bodies;
  readonly newEach: Measured[];
  readonly kept: Measured[];
}

const bar: Bar = { way: 'at least', value: 1.1, digits: 2 };
const none = 'nothing, for comparison';
const workerCounts = [1, 2];
const [mostRounds, mostSeconds] = [5, 1.5];
/** The time limit of the rounds, for slow machines. */
const mostPartSeconds = 45;
const connections = 16;

export async function tls(settings: Settings): Promise<Row[]> {
  const { against, rounds, seconds, patience } = settings;
  const runners: Runner[] = [];
  try {
    runners.push(await started(settings, 0, undefined));
    if (against !== undefined) runners.push(await started(settings, 0, against));
    for (const workers of workerCounts) runners.push(await started(settings, workers, undefined));
    for (const round of roundsWithin({
      most: Math.min(rounds, mostRounds) + 1,
      least: 2,
      seconds: mostPartSeconds * patience,
    })) {
      for (const isNewEach of [true, false]) {
        for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
          const one = await measured(runner.bridge, {
            bodies: runner.bodies,
            seconds: round === 0 ? 1 : Math.min(seconds, mostSeconds),
            connections,
            isNewEach,
          });
          if (round > 0) runner[isNewEach ? 'newEach' : 'kept'].push(one);
        }
      }
    }
    return rowsOf(runners);
  } finally {
    for (const { bridge } of runners) await bridge.stop();
  }
}

async function started(
  { nodes, tests, dir, body }: Settings,
  workers: number,
  root: string | undefined,
): Promise<Runner> {
  const bridge = await startBridge({ nodes, dir, workers, root, isTls: true });
  const label = `${root === undefined ? '' : 'older bridge, '}${workers === 0 ? 'one process' : `--workers ${workers}`}`;
  return {
    label,
    isOlder: root !== undefined,
    bridge,
    bodies: bodiesOf({ kind: body, nodeIds: bridge.nodeIds, tests }),
    newEach: [],
    kept: [],
  };
}

function rowsOf(runners: readonly Runner[]): Row[] {
  const [first] = runners as [Runner];
  const older = runners.find(({ isOlder }) => isOlder);
  const rate = (rounds: readonly Measured[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const name = 'TLS, a new connection each push, pushes/s ÷ an older build';
  const compared =
    older === undefined
      ? unmeasured(10, name, wantedOf(bar), 'no --against')
      : row(
          10,
          name,
          bar,
          ratios(rate(first.newEach), rate(older.newEach)),
          `CPU a push ÷ the older's ${median(ratios(cpu(first.newEach), cpu(older.newEach))).toFixed(2)}`,
        );
  const figuresOf = (figure: (runner: Runner) => readonly Measured[]): string =>
    runners.map((runner) => `${runner.label} ${summary(figure(runner))}`).join('; ');
  const raw = (label: string, figure: (runner: Runner) => readonly Measured[]): Row => ({
    number: 10,
    name: `TLS, ${label}`,
    wanted: none,
    reached: `${median(rate(figure(first))).toFixed(0)} pushes/s`,
    figures: figuresOf(figure),
  });
  return [
    compared,
    raw('a new connection each push', ({ newEach }) => newEach),
    raw('kept connections', ({ kept }) => kept),
  ];
}

function cpu(rounds: readonly Measured[]): number[] {
  return rounds.map(({ cpuUs }) => cpuUs);
}

function summary(rounds: readonly Measured[]): string {
  const perSecond = rounds.map((round) => round.perSecond);
  return `${median(perSecond).toFixed(0)}/s (${range(perSecond, 0)}), ${median(cpu(rounds)).toFixed(0)} µs a push`;
}
