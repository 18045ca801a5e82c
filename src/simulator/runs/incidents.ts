// What goes wrong in the simulated world: now and then a provider or a country gets slow or loses runs for a while.

import { exponential, pick } from '../seeded.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface Incident {
  /** For people, such as "Vodafone: 180 ms slower, 20 % of the runs fail". */
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Added to each round trip. */
  readonly delayMs: number;
  /** Of the runs; 0 to 1. */
  readonly failingShare: number;
  hits(node: SimulatedNode): boolean;
}

/** The incident of a moment, if there is one. Ask with moments that do not go back. */
export type Incidents = (timeMs: number) => Incident | undefined;

export interface IncidentsOptions {
  readonly nodes: readonly SimulatedNode[];
  readonly random: () => number;
  /** The mean time between two of them. */
  readonly gapMs?: number;
  /** How long they last, on average. */
  readonly lastsMs?: number;
}

/** Makes up incidents as time goes by; there is never more than one at a time. */
export function incidents({ nodes, random, gapMs = 45_000, lastsMs = 40_000 }: IncidentsOptions): Incidents {
  let latest: Incident | undefined;
  return (timeMs) => {
    if (nodes.length === 0) return undefined;
    if (latest === undefined || timeMs >= latest.endMs) {
      const startMs = timeMs + exponential(gapMs, random);
      latest = incident(pick(nodes, random), startMs, startMs + lastsMs * (0.5 + random()), random);
    }
    return timeMs < latest.startMs ? undefined : latest;
  };
}

/** No incidents, ever. */
export const calm: Incidents = () => undefined;

/** Something that befalls the provider or the country of one node. */
function incident(node: SimulatedNode, startMs: number, endMs: number, random: () => number): Incident {
  const isProviders = random() < 0.6;
  const delayMs = random() < 0.8 ? Math.round(60 + 240 * random()) : 0;
  const mostFailing = isProviders ? 0.4 : 0.1;
  const failingShare = delayMs === 0 || random() < 0.5 ? mostFailing * (0.2 + 0.8 * random()) : 0;
  const effects = [
    ...(delayMs > 0 ? [`${delayMs} ms slower`] : []),
    ...(failingShare > 0 ? [`${Math.round(failingShare * 100)} % of the runs fail`] : []),
  ];
  return {
    title: `${isProviders ? node.isp.name : node.country.name}: ${effects.join(', ')}`,
    startMs,
    endMs,
    delayMs,
    failingShare,
    hits: ({ isp, country }) => (isProviders ? isp.id === node.isp.id : country.id === node.country.id),
  };
}
