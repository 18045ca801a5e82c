// Builds the simulated world: some 300 nodes in 150 cities, the same for the same seed.

import { seeded, shuffled } from '../seeded.ts';
import { cities, type City } from './cities.ts';
import { countries, type Country } from './countries.ts';
import { carriers, clouds, networkTypes, type Provider } from './providers.ts';
import type { Named, SimulatedNode } from './world-node.ts';

export interface WorldOptions {
  readonly seed?: number;
  /** Number of nodes; default 300. */
  readonly count?: number;
}

/** A place for a node. Sites of low rank come first, so that every city has a node. */
interface Site {
  readonly city: City;
  readonly provider: Provider;
  readonly isIPv6: boolean;
  readonly rank: number;
}

const inactiveShare = 0.02;

/**
 * The nodes in the order of their ids.
 *
 * @throws RangeError if `count` is not from 1 to the number of sites
 */
export function world({ seed = 1, count = 300 }: WorldOptions = {}): SimulatedNode[] {
  const random = seeded(seed);
  const sites = cities.flatMap((city) => sitesIn(city, random)).toSorted((a, b) => a.rank - b.rank);
  if (!Number.isInteger(count) || count < 1 || count > sites.length) {
    throw new RangeError(`nodes: expected an integer from 1 to ${sites.length}, found ${count}`);
  }
  const nodeAt = nodeFactory();
  let id = 0;
  return shuffled(sites.slice(0, count), random).map((site) => {
    id += 1 + Math.floor(random() * 9);
    return nodeAt(site, id, random() >= inactiveShare);
  });
}

function sitesIn(city: City, random: () => number): Site[] {
  const [name, , countryCode, , , weight] = city;
  const [first, ...others] = shuffled(countryOf(countryCode).providers, random);
  const cloudsHere = clouds.filter(({ cityNames }) => cityNames.includes(name)).map(({ provider }) => provider);
  const providers = [first as Provider, ...shuffled([...others, ...carriersIn(city, random), ...cloudsHere], random)];
  const sites = providers.map((provider, index): Site => ({
    city,
    provider,
    isIPv6: false,
    rank: (index + random() / 2) / weight,
  }));
  const wired = sites.filter(({ provider: { networkType } }) => /Backbone|Cloud/.test(networkType));
  return [...sites, ...wired.map((site): Site => ({ ...site, isIPv6: true, rank: site.rank + 100 }))];
}

function countryOf(code: string): Country {
  return countries.get(code) as Country;
}

/** All carriers in cities of weight 3, three in those of weight 2. Foreign carriers have none in mainland China. */
function carriersIn([, , countryCode, , , weight]: City, random: () => number): Provider[] {
  if (weight === 1 || countryCode === 'CN') return [];
  const nationalNames = countryOf(countryCode).providers.map(({ name }) => name);
  const others = shuffled(carriers, random).filter(({ name }) => !nationalNames.includes(name));
  return weight === 3 ? others : others.slice(0, 3);
}

/** Makes nodes. Equal places and providers have equal ids. */
function nodeFactory(): (site: Site, id: number, active: boolean) => SimulatedNode {
  const named = { continent: numbered(), country: numbered(), region: numbered(), city: numbered(), isp: numbered() };
  return ({ city, provider, isIPv6 }, id, active) => {
    const [name, region, countryCode, latitude, longitude] = city;
    const { asn, asnName, networkType } = provider;
    const country = countryOf(countryCode);
    return {
      id,
      name: `${name}, ${countryCode} - ${provider.name}${isIPv6 ? ' IPv6' : ''}`,
      asn,
      asnName,
      isp: named.isp(provider.name),
      city: named.city(name, countryCode),
      region: named.region(region, countryCode),
      country: named.country(country.name),
      continent: named.continent(country.continent),
      latitude,
      longitude,
      networkType: networkTypes[networkType],
      active,
      ipRanges: networkType === 'LastMile' ? '' : addressesOf(id, isIPv6),
    };
  };
}

/** Numbers names from 1. `within` distinguishes equal names. */
function numbered(): (name: string, within?: string) => Named {
  const known = new Map<string, Named>();
  return (name, within = '') => {
    const key = `${name}|${within}`;
    const named = known.get(key) ?? { id: known.size + 1, name };
    known.set(key, named);
    return named;
  };
}

/** Addresses reserved for benchmarks (RFC 2544) and documentation (RFC 3849). */
function addressesOf(id: number, isIPv6: boolean): string {
  return isIPv6 ? `2001:db8:${id.toString(16)}::/64` : `198.${18 + (id >> 13)}.${(id >> 5) & 255}.${(id & 31) << 3}/29`;
}
