// Models the round trip between a node and a test's servers: distance, detours, last mile, time of day and jitter.

import { exponential, seeded } from '../seeded.ts';
import { countries } from '../world/countries.ts';
import type { SimulatedNode } from '../world/world-node.ts';
import type { Place } from './tests.ts';

const earthRadiusKm = 6371;
/** The speed of light in fibre. */
const fibreKmPerMs = 200;
const maxQueueMs = 2000;

/** The great-circle distance. */
export function distanceKm(a: Place, b: Place): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const halfLatitude = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const halfLongitude = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const chord = halfLatitude + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * halfLongitude;
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(Math.min(1, chord)));
}

/** The round trip to the nearest of the places on an idle network. */
export function baseRttMs(node: SimulatedNode, places: readonly Place[]): number {
  const km = Math.min(...places.map((place) => distanceKm(node, place)));
  const detour = 1.3 + 0.2 * impairmentOf(node) + 0.2 * luckOf(node);
  return (2 * km * detour) / fibreKmPerMs + lastMileMs(node);
}

/** The round trip at a moment: with the evening's load, jitter, and now and then a full queue. */
export function rttMs(node: SimulatedNode, places: readonly Place[], timeMs: number, random: () => number): number {
  const baseMs = baseRttMs(node, places);
  const impairment = impairmentOf(node);
  const jitterMs = exponential(0.3 + 0.03 * baseMs * impairment, random);
  const queueMs = random() < 0.01 * impairment ? Math.min(maxQueueMs, 20 / (random() + 0.005)) : 0;
  return baseMs * eveningLoad(node, timeMs) + jitterMs + queueMs;
}

const impairmentByName = new Map([...countries.values()].map(({ name, impairment }) => [name, impairment]));

/** The network impairment of the node's country, 1 to 3. */
export function impairmentOf({ country }: SimulatedNode): number {
  return impairmentByName.get(country.name) ?? 2;
}

/** Between 0 and 1, constant for a node. */
function luckOf({ id }: SimulatedNode): number {
  return seeded(id * 7919)();
}

function lastMileMs(node: SimulatedNode): number {
  const luck = luckOf(node);
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

/** A factor that peaks at 21:00 local solar time, higher on impaired networks. */
function eveningLoad(node: SimulatedNode, timeMs: number): number {
  const hour = timeMs / 3_600_000 + node.longitude / 15;
  const closeness = Math.max(0, Math.cos(((hour - 21) / 12) * Math.PI));
  return 1 + 0.08 * impairmentOf(node) * closeness ** 2;
}
