// How long a packet takes from a node to where a test is answered and back: distance, detours, last mile, hour and luck.

import { countries } from '../world/countries.ts';
import { exponential, pick, seeded } from '../seeded.ts';
import type { Place } from './tests.ts';
import type { SimulatedNode } from '../world/world-node.ts';

const earthRadiusKm = 6371;
/** Light in glass. */
const fibreKmPerMs = 200;
/** The longest that a queue on the way holds a packet up. */
const maxQueueMs = 2000;

/** From shore to shore, over the surface. */
export function distanceKm(a: Place, b: Place): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const halfLatitude = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const halfLongitude = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const chord = halfLatitude + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * halfLongitude;
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(Math.min(1, chord)));
}

/** A round trip from the node to the nearest of the places when nothing stands in its way. */
export function undisturbedMs(node: SimulatedNode, places: readonly Place[]): number {
  const km = Math.min(...places.map((place) => distanceKm(node, place)));
  const detour = 1.3 + 0.2 * poorness(node) + 0.2 * ownLuck(node);
  return (2 * km * detour) / fibreKmPerMs + lastMileMs(node);
}

/** A round trip at a moment: the evening's load, jitter, and now and then a full queue. */
export function roundTripMs(
  node: SimulatedNode,
  places: readonly Place[],
  timeMs: number,
  random: () => number,
): number {
  const calmMs = undisturbedMs(node, places);
  const jitterMs = exponential(0.3 + 0.03 * calmMs * poorness(node), random);
  const queueMs = random() < 0.01 * poorness(node) ? Math.min(maxQueueMs, 20 / (random() + 0.005)) : 0;
  return calmMs * eveningLoad(node, timeMs) + jitterMs + queueMs;
}

/** How poorly the networks of the node's country run: 1 is the best, 3 the worst. */
export function poorness({ country }: SimulatedNode): number {
  return qualities.get(country.name) ?? 2;
}

/** Hosts on the way, as a traceroute shows them, without the node's own and the last. */
export function hopsBetween(roundTripsMs: number, random: () => number): number {
  return 3 + Math.min(12, Math.floor(roundTripsMs / 20)) + pick([0, 1, 2], random);
}

const qualities = new Map(Object.values(countries).map(([name, , quality]) => [name, quality]));

/** Between 0 and 1, and the node's for ever. */
function ownLuck({ id }: SimulatedNode): number {
  return seeded(id * 7919)();
}

function lastMileMs(node: SimulatedNode): number {
  const luck = ownLuck(node);
  switch (node.networkType.name) {
    case 'Wireless':
      return 25 + 30 * luck;
    case 'Last Mile':
      return 6 + 12 * luck;
    case 'Public Cloud':
      return 0.4 + luck;
    default:
      return 0.8 + 2 * luck;
  }
}

/** Rises towards nine in the evening, by the sun over the node; more where networks are poor. */
function eveningLoad(node: SimulatedNode, timeMs: number): number {
  const hour = timeMs / 3_600_000 + node.longitude / 15;
  const closeness = Math.max(0, Math.cos(((hour - 21) / 12) * Math.PI));
  return 1 + 0.08 * poorness(node) * closeness ** 2;
}
