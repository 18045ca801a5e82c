// Lists the nodes by Catchpoint's REST API, and fills the gaps of v2 from its other lists and from v1.

import { join } from 'node:path';
import { withoutUndefined } from '../../fields.ts';
import type { NodeListing, NodeSourceOptions } from '../listing.ts';
import type { Node } from '../node.ts';
import { callBudget } from './call-budget.ts';
import { cityCache, type CityCache } from './city-cache.ts';
import { restClient, type RestClient } from './client.ts';
import { type ListingSupplements, listingSupplements } from './listing-supplements.ts';
import { nodeOfV1, nodeOfV2, type V2Node, withDerivedIsp } from './listed-node.ts';
import { type PageCache, pageCache } from './page-cache.ts';
import { continentsBy } from './places.ts';
import { type RestV1, restV1 } from './v1.ts';
import { type RestV2, restV2 } from './v2.ts';

/** Uses v2 when there is an API key, else v1, which needs key and secret. */
export function restListing(options: NodeSourceOptions): NodeListing {
  const { apiKey } = options;
  const v1 = v1Of(options);
  if (apiKey !== undefined) return v2Listing(options, v2Of(options, apiKey), v1);
  if (v1 === undefined) throw new Error('v1 of the API needs key and secret');
  return async (signal) => {
    const { entries, skipped } = await v1.nodes(signal);
    await v1.clearPages();
    return { nodes: entries.map(nodeOfV1).filter((node) => node !== undefined), skipped, notes: [], trusted: false };
  };
}

function v1Of(options: NodeSourceOptions): RestV1 | undefined {
  const { url, key, secret, clock } = options;
  if (key === undefined || secret === undefined) return undefined;
  const pages = pagesIn('pages-v1', [url, key, secret], options);
  return restV1({ client: clientWith('calls-v1.json', options), key, secret, pages, clock });
}

function v2Of(options: NodeSourceOptions, apiKey: string): RestV2 {
  const pages = pagesIn('pages-v2', [options.url, apiKey], options);
  return restV2({ client: clientWith('calls-v2.json', options), apiKey, pages });
}

function pagesIn(name: string, account: readonly string[], { stateDir, clock, log }: NodeSourceOptions): PageCache {
  return pageCache({ folder: join(stateDir, 'nodes', name), account: JSON.stringify(account), clock, log });
}

/** Catchpoint limits the calls of each consumer. An API key and v1's key are different consumers. */
function clientWith(budgetFile: string, { url, stateDir, clock, random, log }: NodeSourceOptions): RestClient {
  const budget = callBudget(join(stateDir, 'nodes', budgetFile), clock, log);
  return restClient({ url, budget, clock, random });
}

function v2Listing(options: NodeSourceOptions, v2: RestV2, v1: RestV1 | undefined): NodeListing {
  const cities = cityCache(options);
  return async (signal) => {
    const { entries, skipped } = await v2.nodes(signal);
    const supplements = listingSupplements(options, signal);
    const continentOf = continentsBy(await supplements.part('continents', () => v2.continents(signal)));
    const customerNodes = await supplements.part('customer nodes', () => v2.customerNodes(signal));
    const v1Nodes =
      v1 === undefined
        ? []
        : await supplements.part('v1 nodes', async () => (await v1.nodes(signal)).entries.map(ispAndRegion));
    const byV1 = new Map(v1Nodes.map(nodeOfV1).map((node) => [node?.id, node]));
    const listed = merged(entries, customerNodes).map(({ node, ...places }): V2Node => {
      const { isp, region } = byV1.get(node.id) ?? {};
      const continent = continentOf(places.city, places.country);
      return { ...places, node: filled(node, { isp, region, continent }) };
    });
    const nodes = await withRegions(listed, cities, v2, supplements, signal);
    await Promise.all([v2.clearPages(), v1?.clearPages()]);
    return { nodes: nodes.map(withDerivedIsp), skipped, notes: supplements.notes, trusted: false };
  };
}

type Gaps = Pick<Node, 'isp' | 'region' | 'continent'>;

function filled(node: Node, gaps: { readonly [K in keyof Gaps]: Gaps[K] | undefined }): Node {
  return { ...withoutUndefined<Gaps>(gaps), ...node };
}

/** The stored form of a v1 node: the needed fields, in v1's own shape. */
function ispAndRegion(entry: unknown): unknown {
  const { id, isp, region } = nodeOfV1(entry) ?? {};
  return { id, isp: { name: isp }, region: { name: region } };
}

/** The nodes of both lists by id. The customer's list only fills gaps of the other one. */
function merged(all: readonly unknown[], customerNodes: readonly unknown[]): V2Node[] {
  const byId = new Map<number, V2Node>();
  for (const entry of [...customerNodes, ...all]) {
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
  listed: readonly V2Node[],
  cities: CityCache,
  v2: RestV2,
  { notes }: ListingSupplements,
  signal: AbortSignal,
): Promise<V2Node[]> {
  const wanted = listed.filter(
    ({ node, city, country }) => node.region === undefined && city.name !== undefined && country.name !== undefined,
  );
  const { regionOf, incompleteReason } = await cities.regions(wanted, (page) => v2.cities(page, signal));
  signal.throwIfAborted();
  if (incompleteReason !== undefined) notes.push(`regions: those known so far are used (${incompleteReason})`);
  return listed.map((each) => ({ ...each, node: filled(each.node, { region: regionOf(each.city, each.country) }) }));
}
