// When which node runs which test: each node runs each test at its frequency, the nodes spread evenly over the interval.

import { shuffled } from '../seeded.ts';
import type { SimulatedTest } from '../runs/tests.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface DueRun {
  readonly test: SimulatedTest;
  readonly node: SimulatedNode;
  /** Since the start, in ms. */
  readonly atMs: number;
}

export interface TimelineOptions {
  readonly tests: readonly SimulatedTest[];
  readonly nodes: readonly SimulatedNode[];
  /** How many times faster than in earnest the time goes by. */
  readonly compression: number;
  readonly random: () => number;
}

/** Runs a second when nothing is compressed. */
export function runsPerSecond(tests: readonly SimulatedTest[], nodes: readonly SimulatedNode[]): number {
  return tests.reduce((sum, { everyMs }) => sum + (nodes.length * 1000) / everyMs, 0);
}

/** All runs to come, in order, without an end. */
export function* timeline({ tests, nodes, compression, random }: TimelineOptions): Generator<DueRun, never> {
  const rounds = tests.map((test) => {
    const stepMs = test.everyMs / compression / nodes.length;
    return { test, stepMs, order: shuffled(nodes, random), runs: 0, nextMs: stepMs * random() };
  });
  if (rounds.length === 0 || nodes.length === 0) throw new RangeError('there is no test or no node to run');
  for (;;) {
    const round = rounds.reduce((first, other) => (other.nextMs < first.nextMs ? other : first));
    yield { test: round.test, node: round.order[round.runs % nodes.length] as SimulatedNode, atMs: round.nextMs };
    round.runs += 1;
    round.nextMs += round.stepMs;
  }
}
