// Simulates one run of one test at one node.

import type { SimulatedNode } from '../world/world-node.ts';
import { failureOf, type Failure } from './failure.ts';
import type { Incidents } from './incidents.ts';
import { hopsOf, pingOf, type Hop, type Ping } from './probes.ts';
import { impairmentOf, rttMs } from './rtt.ts';
import type { SimulatedTest } from './tests.ts';
import { timingOf, type Timing } from './timing.ts';

export interface Run {
  readonly test: SimulatedTest;
  readonly node: SimulatedNode;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  readonly timing: Timing;
  /** Undefined if the run completed. */
  readonly failure?: Failure;
  /** The run completed but a part of the page failed. Catchpoint reports an error without a code. */
  readonly hasContentError: boolean;
  readonly ping?: Ping;
  readonly hops?: readonly Hop[];
}

export interface RunOptions {
  readonly random: () => number;
  readonly incidents: Incidents;
}

/** Share of the runs that fail on the best networks without an incident. */
const failingShare = 0.006;
const contentErrorShare = 0.02;

export function runOf(
  test: SimulatedTest,
  node: SimulatedNode,
  timeMs: number,
  { random, incidents }: RunOptions,
): Run {
  const current = incidents(timeMs);
  const incident = current?.hits(node) === true ? current : undefined;
  const fails = random() < failingShare * impairmentOf(node) + (incident?.failingShare ?? 0);
  const failure = fails ? failureOf(test.kind, random) : undefined;
  const conditions = {
    rttMs: (): number => rttMs(node, test.origins, timeMs, random) + (incident?.delayMs ?? 0),
    failure,
    random,
  };
  const isPage = test.kind === 'web' || test.kind === 'transaction';
  return {
    test,
    node,
    timeMs,
    timing: timingOf(test.kind, conditions),
    ...(failure === undefined ? {} : { failure }),
    hasContentError: isPage && failure === undefined && random() < contentErrorShare,
    ...(test.kind === 'ping' ? { ping: pingOf(conditions) } : {}),
    ...(test.kind === 'traceroute' ? { hops: hopsOf(test, node, conditions) } : {}),
  };
}
