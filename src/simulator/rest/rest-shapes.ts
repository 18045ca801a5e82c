// The JSON in which Catchpoint's REST APIs v1 and v2 describe nodes and places.

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

/** v2's PublicNodeModel: no continent, no region, no ISP. */
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

/** v2's NodeResponseModel, for customers' own nodes: no AS, and the coordinates are texts. */
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

/** v2's /nodes/groups/nodelocations: continents, their countries, their cities. */
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

/** The cities of v2's /nodes/geographycity, each with its state and country. */
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
