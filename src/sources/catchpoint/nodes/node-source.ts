// Where the nodes come from: a file, or Catchpoint's REST API in the version that the credentials are for.

import { join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import type { Log } from '../../../log.ts';
import { callBudget } from './call-budget.ts';
import { keptCities, type KeptCities } from './kept-cities.ts';
import { type FillIns, fillIns } from './fill-ins.ts';
import { keptPages } from './kept-pages.ts';
import { ispOfName, known, nodeOfV1, nodeOfV2, type PublicNode } from './listed-node.ts';
import type { Node } from './node.ts';
import { readNodesFile } from './nodes-file.ts';
import { continentsBy } from './places.ts';
import { restClient } from './rest-client.ts';
import { type RestV1, restV1 } from './rest-v1.ts';
import { type RestV2, restV2 } from './rest-v2.ts';

/** All nodes there are. There is no such thing as half a listing: what cannot be read to its end throws. */
export interface Listing {
  readonly nodes: readonly Node[];
  /** Entries without a usable id. */
  readonly skipped: number;
  /** What could not be filled in, for people; empty when nothing is missing. */
  readonly notes: readonly string[];
  /** Whether somebody wrote it by hand, so that it holds however little it is. */
  readonly trusted: boolean;
}

/** @throws an error that says what went wrong (a RestFailure where the API was asked), or the signal's reason */
export type NodeListing = (signal: AbortSignal) => Promise<Listing>;

export interface NodeSourceOptions {
  /** The origin of both REST APIs. */
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  /** Used in place of the API when given. */
  readonly nodesFile: string | undefined;
  /** Below it, in `nodes/`, stands what the listing keeps between refreshes. */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** For one call; 30 s unless told otherwise. */
  readonly timeoutMs?: number;
}

/**
 * The listing that the options ask for: the nodes file; else v2 when there is an API key, with ISP and region from v1
 * when there are key and secret as well; else v1.
 *
 * @throws when there is neither
 */
export function nodeListing(options: NodeSourceOptions): NodeListing {
  const { nodesFile, apiKey } = options;
  if (nodesFile !== undefined) return async () => ({ ...(await readNodesFile(nodesFile)), notes: [], trusted: true });
  const v1 = v1Of(options);
  if (apiKey !== undefined) return v2Listing(options, v2Of(options, apiKey), v1);
  if (v1 === undefined) throw new Error('no source of nodes: give --api-key, or --key and --secret, or --nodes-file');
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
  const pages = keptPages({ folder, account: JSON.stringify([url, key, secret]), clock, log });
  return restV1({ client: clientFor(options, 'calls-v1.json'), key, secret, pages, clock });
}

function v2Of(options: NodeSourceOptions, apiKey: string): RestV2 {
  const { url, stateDir, clock, log } = options;
  const folder = join(stateDir, 'nodes', 'pages-v2');
  const pages = keptPages({ folder, account: JSON.stringify([url, apiKey]), clock, log });
  return restV2({ client: clientFor(options, 'calls-v2.json'), apiKey, pages });
}

/** The limits are for each consumer, and an API key is another one than v1's key. */
function clientFor({ url, stateDir, clock, random, log, timeoutMs }: NodeSourceOptions, calls: string): ReturnType<typeof restClient> {
  const budget = callBudget({ path: join(stateDir, 'nodes', calls), clock, log });
  return restClient({ url, budget, clock, random, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

function v2Listing(options: NodeSourceOptions, v2: RestV2, v1: RestV1 | undefined): NodeListing {
  const cities = keptCities(options);
  return async (signal) => {
    const { entries, skipped } = await v2.nodes(signal);
    const fill = fillIns(options, signal);
    const continentOf = continentsBy(await fill.part('continents', () => v2.continents(signal)));
    const own = await fill.part('customer nodes', () => v2.customerNodes(signal));
    const older = v1 === undefined ? [] : await fill.part('v1 nodes', async () => (await v1.nodes(signal)).entries.map(ispAndRegion));
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
  cities: KeptCities,
  v2: RestV2,
  fill: FillIns,
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
