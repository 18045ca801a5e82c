// A listing of the nodes by Catchpoint's REST API, of its second version filled in with what that does not say.

import { join } from 'node:path';
import { callBudget } from './call-budget.ts';
import { cityCache, type CityCache } from './city-cache.ts';
import { type ListingSupplements, listingSupplements } from './listing-supplements.ts';
import { pageCache } from './page-cache.ts';
import { ispOfName, known, nodeOfV1, nodeOfV2, type PublicNode } from './listed-node.ts';
import type { NodeListing, NodeSourceOptions } from '../listing.ts';
import type { Node } from '../node.ts';
import { continentsBy } from './places.ts';
import { restClient } from './client.ts';
import { type RestV1, restV1 } from './v1.ts';
import { type RestV2, restV2 } from './v2.ts';

/** By v2 when there is an API key, else by v1, which needs key and secret. */
export function restListing(options: NodeSourceOptions): NodeListing {
  const { apiKey } = options;
  const v1 = v1Of(options);
  if (apiKey !== undefined) return v2Listing(options, v2Of(options, apiKey), v1);
  if (v1 === undefined) throw new Error('v1 of the API needs key and secret');
  return async (signal) => {
    const { entries, skipped } = await v1.nodes(signal);
    await v1.forgetPages();
    return { nodes: entries.map(nodeOfV1).filter((node) => node !== undefined), skipped, notes: [], trusted: false };
  };
}

function v1Of(options: NodeSourceOptions): RestV1 | undefined {
  const { url, key, secret, stateDir, clock, log } = options;
  if (key === undefined || secret === undefined) return undefined;
  const folder = join(stateDir, 'nodes', 'pages-v1');
  const pages = pageCache({ folder, account: JSON.stringify([url, key, secret]), clock, log });
  return restV1({ client: clientFor(options, 'calls-v1.json'), key, secret, pages, clock });
}

function v2Of(options: NodeSourceOptions, apiKey: string): RestV2 {
  const { url, stateDir, clock, log } = options;
  const folder = join(stateDir, 'nodes', 'pages-v2');
  const pages = pageCache({ folder, account: JSON.stringify([url, apiKey]), clock, log });
  return restV2({ client: clientFor(options, 'calls-v2.json'), apiKey, pages });
}

/** The limits are for each consumer, and an API key is another one than v1's key. */
function clientFor(
  { url, stateDir, clock, random, log, timeoutMs }: NodeSourceOptions,
  calls: string,
): ReturnType<typeof restClient> {
  const budget = callBudget({ path: join(stateDir, 'nodes', calls), clock, log });
  return restClient({ url, budget, clock, random, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

function v2Listing(options: NodeSourceOptions, v2: RestV2, v1: RestV1 | undefined): NodeListing {
  const cities = cityCache(options);
  return async (signal) => {
    const { entries, skipped } = await v2.nodes(signal);
    const fill = listingSupplements(options, signal);
    const continentOf = continentsBy(await fill.part('continents', () => v2.continents(signal)));
    const own = await fill.part('customer nodes', () => v2.customerNodes(signal));
    const older =
      v1 === undefined
        ? []
        : await fill.part('v1 nodes', async () => (await v1.nodes(signal)).entries.map(ispAndRegion));
    const byV1 = new Map(older.map(nodeOfV1).map((node) => [node?.id, node]));
    const listed = merged(entries, own).map(({ node, ...rest }): PublicNode => {
      const { isp, region } = byV1.get(node.id) ?? {};
      const continent = continentOf(rest.city, rest.country);
      return { ...rest, node: { ...known<Partial<Node>>({ isp, region, continent }), ...node } };
    });
    const nodes = await withRegions(listed, cities, v2, fill, signal);
    await Promise.all([v2.forgetPages(), v1?.forgetPages()]);
    return { nodes: nodes.map(withDerivedIsp), skipped, notes: fill.notes(), trusted: false };
  };
}

/** What v1's answers are kept for, in v1's own shape. */
function ispAndRegion(entry: unknown): unknown {
  const { id, isp, region } = nodeOfV1(entry) ?? {};
  return { id, isp: { name: isp }, region: { name: region } };
}

/** The nodes of both lists by their ids; the customer's own only adds what the other does not say. */
function merged(all: readonly unknown[], own: readonly unknown[]): PublicNode[] {
  const byId = new Map<number, PublicNode>();
  for (const entry of [...own, ...all]) {
    const listed = nodeOfV2(entry);
    if (listed === undefined) continue;
    const other = byId.get(listed.node.id);
    const city = listed.city.name === undefined ? (other?.city ?? listed.city) : listed.city;
    const country = listed.country.name === undefined ? (other?.country ?? listed.country) : listed.country;
    byId.set(listed.node.id, { ...other, ...listed, city, country, node: { ...other?.node, ...listed.node } });
  }
  return [...byId.values()];
}

async function withRegions(
  listed: readonly PublicNode[],
  cities: CityCache,
  v2: RestV2,
  fill: ListingSupplements,
  signal: AbortSignal,
): Promise<PublicNode[]> {
  const wanted = listed.filter(
    ({ node, city, country }) => node.region === undefined && city.name !== undefined && country.name !== undefined,
  );
  const { regionOf, unread } = await cities.regions(wanted, (page) => v2.cities(page, signal));
  signal.throwIfAborted();
  if (unread !== undefined) fill.note(`regions: those known so far are used (${unread})`);
  return listed.map((each) => ({
    ...each,
    node: { ...known<Partial<Node>>({ region: regionOf(each.city, each.country) }), ...each.node },
  }));
}

function withDerivedIsp({ node, asnName }: PublicNode): Node {
  const isp = node.isp ?? ispOfName(node.name) ?? asnName;
  return isp === undefined ? node : { ...node, isp };
}
