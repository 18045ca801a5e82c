// Renders nodes and places as the JSON of Catchpoint's REST APIs v1 and v2.

import type { Named, SimulatedNode } from '../world/world-node.ts';

/** An item of v1's /nodes. */
export function v1Node(node: SimulatedNode): object {
  const { id, name, isp, city, region, country, continent, latitude, longitude } = node;
  return {
    id,
    name,
    status: statusOf(node),
    network_type: node.networkType,
    ip_ranges: node.ipRanges,
    isp,
    ...(node.asn === undefined ? {} : { asn: { value: `AS${node.asn}`, name: node.asnName ?? null } }),
    city,
    region: region ?? null,
    country,
    continent,
    targeted: true,
    coordinates: { latitude, longitude },
  };
}

/** v2's PublicNodeModel, which has no continent, region or ISP. */
export function v2Node(node: SimulatedNode): object {
  const { id, name, city, country, latitude, longitude, networkType } = node;
  return {
    id,
    name,
    ipRanges: node.ipRanges === '' ? null : node.ipRanges,
    isIPv6: node.ipRanges.includes(':'),
    isTargeted: true,
    availableForSyntheticTests: node.active,
    availableForInstantTests: node.active,
    latitude,
    longitude,
    status: statusOf(node),
    networkType,
    asn: node.asn === undefined ? null : { id: node.asn, name: node.asnName ?? null },
    city,
    country,
  };
}

/** A customer's own node: Private or Enterprise. v2 lists these at /nodes. */
export function isCustomerNode({ networkType }: SimulatedNode): boolean {
  return networkType.id === 3 || networkType.id === 4;
}

/** v2's NodeResponseModel, which has no AS. Its coordinates are strings. */
export function v2CustomerNode(node: SimulatedNode): object {
  const { id, name, networkType, isp, city, region, country, continent } = node;
  return {
    id,
    name,
    status: statusOf(node),
    networkType,
    osType: { id: 1, name: 'Linux' },
    isIPv6: node.ipRanges.includes(':'),
    isPaused: false,
    city,
    state: region ?? null,
    country,
    continent,
    internetServiceProvider: isp,
    latitude: String(node.latitude),
    longitude: String(node.longitude),
    instanceCount: 1,
    activeInstanceCount: node.active ? 1 : 0,
    instances: [],
  };
}

/** v2's /nodes/groups/nodelocations: continents with their countries with their cities. */
export function nodeLocations(nodes: readonly SimulatedNode[]): object {
  const continents = grouped(nodes, (node) => node.continent).map(([continent, inContinent]) => ({
    ...continent,
    nodesCount: inContinent.length,
    countries: grouped(inContinent, (node) => node.country).map(([country, inCountry]) => ({
      ...country,
      nodesCount: inCountry.length,
      cities: grouped(inCountry, (node) => node.city).map(([city, inCity]) => ({ ...city, nodesCount: inCity.length })),
    })),
  }));
  return { continents, hasMore: false, next: null, previous: null };
}

/** The cities of v2's /nodes/geographycity. */
export function geographyCities(nodes: readonly SimulatedNode[]): object[] {
  return grouped(nodes, (node) => node.city).map(([city, [node]]) => ({
    city,
    state: node?.region ?? null,
    country: node?.country ?? null,
  }));
}

function statusOf({ active }: SimulatedNode): Named {
  return active ? { id: 0, name: 'Active' } : { id: 1, name: 'Inactive' };
}

function grouped(nodes: readonly SimulatedNode[], by: (node: SimulatedNode) => Named): [Named, SimulatedNode[]][] {
  const groups = new Map<number, [Named, SimulatedNode[]]>();
  for (const node of nodes) {
    const name = by(node);
    const group = groups.get(name.id);
    if (group === undefined) groups.set(name.id, [name, [node]]);
    else group[1].push(node);
  }
  return [...groups.values()];
}
