// One run of one test at one node, with numbers as that place on Earth and that moment would give.

import { failureOf, type Failure } from './failure.ts';
import type { Incidents } from './incidents.ts';
import { poorness, roundTripMs } from './path.ts';
import { hopsOf, pingOf, type Hop, type Ping } from './route.ts';
import type { SimulatedTest } from './tests.ts';
import { timingOf, type Timing } from './timings.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface Run {
  readonly test: SimulatedTest;
  readonly node: SimulatedNode;
  /** When it took place, ms since 1970 UTC. */
  readonly timeMs: number;
  readonly timing: Timing;
  /** Absent when the run completed. */
  readonly failure?: Failure;
  /** A part of the page failed, though the run completed: Catchpoint's error without a code. */
  readonly isPartMissing: boolean;
  readonly ping?: Ping;
  readonly hops?: readonly Hop[];
}

export interface RunOptions {
  readonly random: () => number;
  readonly incidents: Incidents;
}

/** Of the runs of a well-connected node, how many fail when nothing is the matter. */
const failingShare = 0.006;
const partMissingShare = 0.02;

export function runOf(
  test: SimulatedTest,
  node: SimulatedNode,
  timeMs: number,
  { random, incidents }: RunOptions,
): Run {
  const current = incidents(timeMs);
  const incident = current?.hits(node) === true ? current : undefined;
  const fails = random() < failingShare * poorness(node) + (incident?.failingShare ?? 0);
  const failure = fails ? failureOf(test.kind, random) : undefined;
  const tripMs = (): number => roundTripMs(node, test.origins, timeMs, random) + (incident?.delayMs ?? 0);
  const circumstances = { tripMs, failure, random };
  const isPage = test.kind === 'web' || test.kind === 'transaction';
  return {
    test,
    node,
    timeMs,
    timing: timingOf(test.kind, circumstances),
    ...(failure === undefined ? {} : { failure }),
    isPartMissing: isPage && failure === undefined && random() < partMissingShare,
    ...(test.kind === 'ping' ? { ping: pingOf(circumstances) } : {}),
    ...(test.kind === 'traceroute' ? { hops: hopsOf(test, node, circumstances) } : {}),
  };
}
