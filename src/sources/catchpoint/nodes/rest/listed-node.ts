// Parses a node in the forms of both REST APIs and of the bridge's own directory. Odd fields count as unknown. An entry
// without a usable id is not a node.

import {
  asNumber,
  finiteNumber,
  member,
  memberAt,
  nonBlankText,
  positiveInteger,
  withoutUndefined,
} from '../../fields.ts';
import type { Node } from '../node.ts';

/** A city or country, with its id in v2. */
export interface Place {
  readonly id?: number;
  readonly name?: string;
}

/** A node of v2, with the fields from which the missing ones are derived. */
export interface V2Node {
  readonly node: Node;
  readonly city: Place;
  readonly country: Place;
  readonly asnName?: string;
}

/** @param entry - an item of v1's /nodes */
export function nodeOfV1(entry: unknown): Node | undefined {
  return nodeWith(entry, {
    asn: asNumberInText(memberAt(entry, 'asn', 'value')),
    continent: nameOf(member(entry, 'continent')),
    country: nameOf(member(entry, 'country')),
    region: nameOf(member(entry, 'region')),
    city: nameOf(member(entry, 'city')),
    isp: nameOf(member(entry, 'isp')),
    networkType: nameOf(member(entry, 'network_type')),
    latitude: degrees(memberAt(entry, 'coordinates', 'latitude'), 90),
    longitude: degrees(memberAt(entry, 'coordinates', 'longitude'), 180),
    ipRanges: nonBlankText(member(entry, 'ip_ranges')),
  });
}

/** @param entry - of v2's /nodes/all (PublicNodeModel) or /nodes (NodeResponseModel, without AS but with the rest) */
export function nodeOfV2(entry: unknown): V2Node | undefined {
  const city = placeOf(member(entry, 'city'));
  const country = placeOf(member(entry, 'country'));
  const node = nodeWith(entry, {
    asn: asNumberInText(memberAt(entry, 'asn', 'id')),
    continent: nameOf(member(entry, 'continent')),
    country: country.name,
    region: nameOf(member(entry, 'state')),
    city: city.name,
    isp: nameOf(member(entry, 'internetServiceProvider')),
    networkType: nameOf(member(entry, 'networkType')),
    latitude: degrees(member(entry, 'latitude'), 90),
    longitude: degrees(member(entry, 'longitude'), 180),
    ipRanges: nonBlankText(member(entry, 'ipRanges')),
  });
  return node && withoutUndefined<V2Node>({ node, city, country, asnName: nameOf(member(entry, 'asn')) });
}

/** @param entry - a node of the bridge's own directory */
export function nodeOfDirectory(entry: unknown): Node | undefined {
  const node = nodeWith(entry, {
    asn: asNumberInText(member(entry, 'asn')),
    continent: nonBlankText(member(entry, 'continent')),
    country: nonBlankText(member(entry, 'country')),
    region: nonBlankText(member(entry, 'region')),
    city: nonBlankText(member(entry, 'city')),
    isp: nonBlankText(member(entry, 'isp')),
    networkType: nonBlankText(member(entry, 'networkType')),
    latitude: degrees(member(entry, 'latitude'), 90),
    longitude: degrees(member(entry, 'longitude'), 180),
    ipRanges: nonBlankText(member(entry, 'ipRanges')),
    retiredAtMs: finiteNumber(member(entry, 'retiredAtMs')),
  });
  return node && { ...node, active: member(entry, 'active') !== false };
}

/** The node with its ISP, else the provider in its name, else the name of its AS. */
export function withDerivedIsp({ node, asnName }: V2Node): Node {
  const isp = node.isp ?? ispOfName(node.name) ?? asnName;
  return isp === undefined ? node : { ...node, isp };
}

/** Names of nodes are "City, CC - ISP". */
function ispOfName(name: string | undefined): string | undefined {
  const dash = name?.lastIndexOf(' - ') ?? -1;
  return name === undefined || dash < 0 ? undefined : nonBlankText(name.slice(dash + 3).trim());
}

export function placeOf(value: unknown): Place {
  return withoutUndefined<Place>({ id: finiteNumber(member(value, 'id')), name: nameOf(value) });
}

type NodeFields = { readonly [K in Exclude<keyof Node, 'id' | 'name' | 'active'>]?: Node[K] | undefined };

function nodeWith(entry: unknown, fields: NodeFields): Node | undefined {
  const id = positiveInteger(member(entry, 'id'));
  if (id === undefined) return undefined;
  const name = nonBlankText(member(entry, 'name'));
  const members = { id, name, ...fields, active: isActive(member(entry, 'status')) };
  return withoutUndefined<Node>(members);
}

/** {0, "Active"} or {1, "Inactive"}. Any other status counts as active. */
function isActive(status: unknown): boolean {
  const id = finiteNumber(member(status, 'id'));
  return id === undefined ? nameOf(status)?.toLowerCase() !== 'inactive' : id === 0;
}

function nameOf(value: unknown): string | undefined {
  return nonBlankText(member(value, 'name'));
}

/** A number, or text such as v1's "AS3356", which may have a name after the number. */
function asNumberInText(value: unknown): number | undefined {
  const digits = typeof value === 'string' ? /^\s*(?:AS)?\s*(\d{1,10})(?!\d)/i.exec(value)?.[1] : value;
  return asNumber(digits);
}

function degrees(value: unknown, max: number): number | undefined {
  const number = finiteNumber(value);
  return number !== undefined && Math.abs(number) <= max ? number : undefined;
}
