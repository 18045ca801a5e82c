// Simulates the probes of ping and traceroute: round trips, losses, and the hops of the route.

import { pick } from '../seeded.ts';
import type { SimulatedNode } from '../world/world-node.ts';
import type { SimulatedTest } from './tests.ts';
import type { RunConditions } from './timing.ts';

/** Summary.Ping */
export interface Ping {
  /** Undefined if every probe was lost. */
  readonly averageMs: number | undefined;
  readonly lossPct: number;
}

/** One of Diagnostic.TraceRoute.Hops. A silent hop has neither address nor name. */
export interface Hop {
  readonly address?: string;
  readonly host?: string;
  readonly asn?: number;
  /** In ms; null for a lost probe. */
  readonly roundTripsMs: readonly (number | null)[];
}

const pingProbes = 5;
const hopProbes = 3;
const lostShare = 0.004;
const silentHopShare = 0.15;
/** The AS of the tests' servers, reserved for documentation (RFC 5398). */
const originAsn = 64_500;

export function pingOf({ rttMs, failure, random }: RunConditions): Ping {
  const timesMs = Array.from({ length: pingProbes }, rttMs).filter(
    () => failure === undefined && random() >= lostShare,
  );
  const lossPct = ((pingProbes - timesMs.length) / pingProbes) * 100;
  const sumMs = timesMs.reduce((sum, ms) => sum + ms, 0);
  return { averageMs: timesMs.length === 0 ? undefined : Math.round(sumMs / timesMs.length), lossPct };
}

/** The hops from the node to the test's server. The last one answers unless the run failed. */
export function hopsOf(test: SimulatedTest, node: SimulatedNode, { rttMs, failure, random }: RunConditions): Hop[] {
  const totalMs = rttMs();
  const between = 3 + Math.min(12, Math.floor(totalMs / 20)) + pick([0, 1, 2], random);
  const asn = node.asn === undefined ? {} : { asn: node.asn };
  const silent: Hop = { roundTripsMs: [null, null, null] };
  const gateway: Hop = { address: '192.0.2.1', roundTripsMs: threeTimes(1, random) };
  const route = Array.from({ length: between }, (_, index): Hop => {
    if (random() < silentHopShare) return silent;
    return {
      address: `198.51.100.${index + 1}`,
      host: `ae${index}.edge${index + 1}.example.net`,
      ...asn,
      roundTripsMs: threeTimes((totalMs * (index + 1)) / (between + 1), random),
    };
  });
  if (failure !== undefined) return [gateway, ...route, silent];
  const times = threeTimes(totalMs, random);
  const last: Hop = {
    address: test.address,
    host: test.request,
    asn: originAsn,
    roundTripsMs: random() < lostShare * hopProbes ? times.with(pick([0, 1, 2], random), null) : times,
  };
  return [gateway, ...route, last];
}

function threeTimes(ms: number, random: () => number): (number | null)[] {
  return Array.from({ length: hopProbes }, () => Math.round(ms + 2 * random()));
}
