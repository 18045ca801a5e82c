// Reads a node as each of Catchpoint's REST APIs, and our own directory, writes it. Odd fields count as not known;
// only an entry without a usable id is no node.

import { at, finiteNumber, member, positiveInteger, text } from '../../fields.ts';
import type { Node } from '../node.ts';

/** A city or country with its id in v2. */
export interface Place {
  readonly id?: number;
  readonly name?: string;
}

/** A node as v2 lists it, with what is needed to fill in the rest. */
export interface PublicNode {
  readonly node: Node;
  readonly city: Place;
  readonly country: Place;
  readonly asnName?: string;
}

/** An item of v1's /nodes. */
export function nodeOfV1(entry: unknown): Node | undefined {
  return nodeWith(entry, {
    asn: asNumber(at(entry, 'asn', 'value')),
    continent: nameOf(member(entry, 'continent')),
    country: nameOf(member(entry, 'country')),
    region: nameOf(member(entry, 'region')),
    city: nameOf(member(entry, 'city')),
    isp: nameOf(member(entry, 'isp')),
    networkType: nameOf(member(entry, 'network_type')),
    latitude: degrees(at(entry, 'coordinates', 'latitude'), 90),
    longitude: degrees(at(entry, 'coordinates', 'longitude'), 180),
    ipRanges: text(member(entry, 'ip_ranges')),
  });
}

/** An entry of v2's /nodes/all (PublicNodeModel) or /nodes (NodeResponseModel, which has no AS but the rest). */
export function nodeOfV2(entry: unknown): PublicNode | undefined {
  const city = placeOf(member(entry, 'city'));
  const country = placeOf(member(entry, 'country'));
  const node = nodeWith(entry, {
    asn: asNumber(at(entry, 'asn', 'id')),
    continent: nameOf(member(entry, 'continent')),
    country: country.name,
    region: nameOf(member(entry, 'state')),
    city: city.name,
    isp: nameOf(member(entry, 'internetServiceProvider')),
    networkType: nameOf(member(entry, 'networkType')),
    latitude: degrees(member(entry, 'latitude'), 90),
    longitude: degrees(member(entry, 'longitude'), 180),
    ipRanges: text(member(entry, 'ipRanges')),
  });
  return node === undefined
    ? undefined
    : known<PublicNode>({ node, city, country, asnName: nameOf(member(entry, 'asn')) });
}

/** A node as our own directory writes it. */
export function nodeOfDirectory(entry: unknown): Node | undefined {
  const active = member(entry, 'active');
  const node = nodeWith(entry, {
    asn: asNumber(member(entry, 'asn')),
    continent: text(member(entry, 'continent')),
    country: text(member(entry, 'country')),
    region: text(member(entry, 'region')),
    city: text(member(entry, 'city')),
    isp: text(member(entry, 'isp')),
    networkType: text(member(entry, 'networkType')),
    latitude: degrees(member(entry, 'latitude'), 90),
    longitude: degrees(member(entry, 'longitude'), 180),
    ipRanges: text(member(entry, 'ipRanges')),
    retiredAtMs: finiteNumber(member(entry, 'retiredAtMs')),
  });
  return node === undefined ? undefined : { ...node, active: active !== false };
}

/** The provider in a node's name, "City, CC - ISP": what stands after the last " - ". */
export function ispOfName(name: string | undefined): string | undefined {
  const dash = name?.lastIndexOf(' - ') ?? -1;
  return name === undefined || dash < 0 ? undefined : text(name.slice(dash + 3).trim());
}

export function placeOf(value: unknown): Place {
  const id = finiteNumber(member(value, 'id'));
  return known<Place>({ id, name: nameOf(value) });
}

/** The object without the members that are not known. */
export function known<T extends object>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  const present: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) present[name] = members[name];
  return present as T;
}

type Rest = { readonly [K in Exclude<keyof Node, 'id' | 'name' | 'active'>]?: Node[K] | undefined };

function nodeWith(entry: unknown, rest: Rest): Node | undefined {
  const id = positiveInteger(member(entry, 'id'));
  if (id === undefined) return undefined;
  const members = { id, name: text(member(entry, 'name')), ...rest, active: isActive(member(entry, 'status')) };
  return known<Node>(members);
}

/** {0, "Active"} or {1, "Inactive"}; one that says neither is taken for active. */
function isActive(status: unknown): boolean {
  const id = finiteNumber(member(status, 'id'));
  return id === undefined ? nameOf(status)?.toLowerCase() !== 'inactive' : id === 0;
}

function nameOf(value: unknown): string | undefined {
  return text(member(value, 'name'));
}

/** A number, or the text that v1 writes: "AS3356", with a name behind it at times. */
function asNumber(value: unknown): number | undefined {
  const digits = typeof value === 'string' ? /^\s*(?:AS)?\s*(\d{1,10})(?!\d)/i.exec(value)?.[1] : value;
  const number = positiveInteger(digits);
  return number !== undefined && number < 2 ** 32 ? number : undefined;
}

function degrees(value: unknown, most: number): number | undefined {
  const number = finiteNumber(value);
  return number !== undefined && Math.abs(number) <= most ? number : undefined;
}
