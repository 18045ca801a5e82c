// Catchpoint's REST APIs with the golden nodes.

import type { ExecutionContext } from 'ava';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRestApi, type RestApi, type RestApiOptions } from '../../src/simulator/rest/rest-api.ts';
import type { SimulatedNode } from '../../src/simulator/world/world-node.ts';
import { golden } from './golden.ts';

/** A node of v1's listing; members that differ from the simulated world's. */
interface ListedNode extends Omit<SimulatedNode, 'asn' | 'region'> {
  readonly asn?: { readonly value: string; readonly name: string };
  readonly region: SimulatedNode['region'] | null;
  readonly coordinates: { readonly latitude: number; readonly longitude: number };
  readonly network_type: SimulatedNode['networkType'];
}

/** Opens them with the credentials K and S, or A, and closes them after the test. */
export async function goldenCatchpoint(
  t: Pick<ExecutionContext, 'teardown'>,
  options: Pick<RestApiOptions, 'intercept'> = {},
): Promise<RestApi> {
  const { items } = JSON.parse(golden('nodes/v1.json')) as { readonly items: readonly ListedNode[] };
  const nodes = items.map(({ asn, region, coordinates, network_type: networkType, ...item }): SimulatedNode => ({
    ...item,
    ...coordinates,
    networkType,
    ...(asn === undefined ? {} : { asn: Number(asn.value.slice(2)), asnName: asn.name }),
    ...(region === null || region === undefined ? {} : { region }),
    active: true,
    ipRanges: '203.0.113.1',
  }));
  const api = await openRestApi({ clock: systemClock(), nodes, key: 'K', secret: 'S', apiKey: 'A', ...options });
  t.teardown(() => api.close());
  return api;
}
