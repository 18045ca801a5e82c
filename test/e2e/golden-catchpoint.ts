// Catchpoint's REST APIs over the golden nodes, for whoever starts the built program with an account.

import type { ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/runtime/clock.ts';
import { openRestApi, type RestApi, type RestApiOptions } from '../../src/simulator/rest/rest-api.ts';
import type { SimulatedNode } from '../../src/simulator/world/world-node.ts';

const nodesFile = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;

/** What v1's listing writes in another way than the simulated world; the rest is the same. */
interface ListedNode extends Omit<SimulatedNode, 'asn' | 'region'> {
  readonly asn?: { readonly value: string; readonly name: string };
  readonly region: SimulatedNode['region'] | null;
  readonly coordinates: { readonly latitude: number; readonly longitude: number };
  readonly network_type: SimulatedNode['networkType'];
}

/** A Catchpoint that knows the golden nodes, with the credentials K and S, or A; it goes with its test. */
export async function goldenCatchpoint(
  t: Pick<ExecutionContext, 'teardown'>,
  options: Pick<RestApiOptions, 'intercept'> = {},
): Promise<RestApi> {
  const { items } = JSON.parse(readFileSync(nodesFile, 'utf8')) as { readonly items: readonly ListedNode[] };
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
