// What a simulated ping and a simulated traceroute see of the way: round trips, losses, and the hosts in between.

import { hopsBetween } from './path.ts';
import { pick } from '../seeded.ts';
import type { SimulatedTest } from './tests.ts';
import type { Circumstances } from './timings.ts';
import type { SimulatedNode } from '../world/world-node.ts';

/** Summary.Ping of five probes; without an average when all of them were lost. */
export interface Ping {
  readonly averageMs: number | undefined;
  readonly lossPct: number;
}

/** One of Diagnostic.TraceRoute.Hops; a host that does not answer has neither address nor name. */
export interface Hop {
  readonly address?: string;
  readonly host?: string;
  readonly asn?: number;
  /** Of three probes, in ms; null where one was lost. */
  readonly roundTripsMs: readonly (number | null)[];
}

const pings = 5;
const probes = 3;
const lostShare = 0.004;
/** Of the hosts on the way, how many do not answer probes. */
const silentShare = 0.15;
/** The AS of the servers that the tests ask; set apart for documentation (RFC 5398). */
const originAsn = 64_500;

export function pingOf({ tripMs, failure, random }: Circumstances): Ping {
  const timesMs = Array.from({ length: pings }, tripMs).filter(() => failure === undefined && random() >= lostShare);
  const lossPct = ((pings - timesMs.length) / pings) * 100;
  return { averageMs: timesMs.length === 0 ? undefined : Math.round(mean(timesMs)), lossPct };
}

/** The hosts from the node to the test's server; the last one answers unless the run has failed. */
export function hopsOf(test: SimulatedTest, node: SimulatedNode, circumstances: Circumstances): Hop[] {
  const { tripMs, failure, random } = circumstances;
  const wholeMs = tripMs();
  const between = hopsBetween(wholeMs, random);
  const asn = node.asn === undefined ? {} : { asn: node.asn };
  const gateway: Hop = { address: '192.0.2.1', roundTripsMs: threeTimes(1, random) };
  const onTheWay = Array.from({ length: between }, (_, nth): Hop => {
    if (random() < silentShare) return { roundTripsMs: [null, null, null] };
    const hopMs = (wholeMs * (nth + 1)) / (between + 1);
    return {
      address: `198.51.100.${nth + 1}`,
      host: `ae${nth}.edge${nth + 1}.example.net`,
      ...asn,
      roundTripsMs: threeTimes(hopMs, random),
    };
  });
  if (failure !== undefined) return [gateway, ...onTheWay, { roundTripsMs: [null, null, null] }];
  const last: Hop = {
    address: test.address,
    host: test.request,
    asn: originAsn,
    roundTripsMs: answered(wholeMs, random),
  };
  return [gateway, ...onTheWay, last];
}

/** At least one of the three comes back. */
function answered(ms: number, random: () => number): (number | null)[] {
  const times = threeTimes(ms, random);
  return random() < lostShare * probes ? times.with(pick([0, 1, 2], random), null) : times;
}

function threeTimes(ms: number, random: () => number): (number | null)[] {
  return Array.from({ length: probes }, () => Math.round(ms + 2 * random()));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
