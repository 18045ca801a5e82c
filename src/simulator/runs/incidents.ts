// Generates incidents: a provider or a country becomes slow or loses runs for a while.

import { exponential, pick } from '../seeded.ts';
import type { SimulatedNode } from '../world/world-node.ts';

export interface Incident {
  /** Human-readable, such as "Vodafone: 180 ms slower, 20 % of the runs fail". */
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Added to each round trip. */
  readonly delayMs: number;
  /** Share of the runs that fail, 0 to 1. */
  readonly failingShare: number;
  hits(node: SimulatedNode): boolean;
}

/** The current incident, if any. Times must not go back. */
export type Incidents = (timeMs: number) => Incident | undefined;

export interface IncidentsOptions {
  readonly nodes: readonly SimulatedNode[];
  readonly random: () => number;
  /** Mean time between two incidents. */
  readonly gapMs?: number;
  /** Mean duration. */
  readonly lastsMs?: number;
}

/** At most one incident at a time. */
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

/** Without incidents. */
export const calm: Incidents = () => undefined;

/** An incident of the provider or the country of one node. */
function incident(node: SimulatedNode, startMs: number, endMs: number, random: () => number): Incident {
  const isOfProvider = random() < 0.6;
  const delayMs = random() < 0.8 ? Math.round(60 + 240 * random()) : 0;
  const maxFailingShare = isOfProvider ? 0.4 : 0.1;
  const failingShare = delayMs === 0 || random() < 0.5 ? maxFailingShare * (0.2 + 0.8 * random()) : 0;
  const effects = [
    ...(delayMs > 0 ? [`${delayMs} ms slower`] : []),
    ...(failingShare > 0 ? [`${Math.round(failingShare * 100)} % of the runs fail`] : []),
  ];
  return {
    title: `${isOfProvider ? node.isp.name : node.country.name}: ${effects.join(', ')}`,
    startMs,
    endMs,
    delayMs,
    failingShare,
    hits: ({ isp, country }) => (isOfProvider ? isp.id === node.isp.id : country.id === node.country.id),
  };
}
