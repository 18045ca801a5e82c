// Schedules runs: each node runs each test at its interval, the nodes spread evenly over the interval.

import type { SimulatedTest } from '../runs/tests.ts';
import { shuffled } from '../seeded.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface DueRun {
  readonly test: SimulatedTest;
  readonly node: SimulatedNode;
  /** ms since the start */
  readonly atMs: number;
}

export interface TimelineOptions {
  readonly tests: readonly SimulatedTest[];
  readonly nodes: readonly SimulatedNode[];
  /** Divides the intervals. */
  readonly compression: number;
  readonly random: () => number;
}

/** Runs per second without compression. */
export function runsPerSecond(tests: readonly SimulatedTest[], nodes: readonly SimulatedNode[]): number {
  return tests.reduce((sum, { everyMs }) => sum + (nodes.length * 1000) / everyMs, 0);
}

/** Endless, in order. Needs at least one test and one node. */
export function* timeline({ tests, nodes, compression, random }: TimelineOptions): Generator<DueRun, never> {
  const rounds = tests.map((test) => {
    const stepMs = test.everyMs / compression / nodes.length;
    return { test, stepMs, order: shuffled(nodes, random), runs: 0, nextMs: stepMs * random() };
  });
  for (;;) {
    const round = rounds.reduce((first, other) => (other.nextMs < first.nextMs ? other : first));
    yield { test: round.test, node: round.order[round.runs % nodes.length] as SimulatedNode, atMs: round.nextMs };
    round.runs += 1;
    round.nextMs += round.stepMs;
  }
}
