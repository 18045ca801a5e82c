// The simulated world: some 300 nodes in 150 cities, the same ones for the same seed.

import { cities, type City } from './cities.ts';
import { countries } from './countries.ts';
import { nationalProviders } from './national-providers.ts';
import { carriers, clouds, networkTypes, type Provider } from './providers.ts';
import { seeded, shuffled } from '../seeded.ts';
import type { Named, SimulatedNode } from './world-node.ts';

export interface WorldOptions {
  readonly seed?: number;
  /** How many nodes; default 300. */
  readonly count?: number;
}

/** Where a node may stand. The sites of the lowest rank are settled first, so that no city goes without. */
interface Site {
  readonly city: City;
  readonly provider: Provider;
  readonly isIPv6: boolean;
  readonly rank: number;
}

/** Of how many nodes one is out of order. */
const inactiveShare = 0.02;

/**
 * The nodes in the order of their ids.
 *
 * @throws RangeError when there are not so many sites
 */
export function world({ seed = 1, count = 300 }: WorldOptions = {}): SimulatedNode[] {
  const random = seeded(seed);
  const sites = cities.flatMap((city) => sitesIn(city, random)).toSorted((a, b) => a.rank - b.rank);
  if (!Number.isInteger(count) || count < 1 || count > sites.length) {
    throw new RangeError(`nodes: expected an integer from 1 to ${sites.length}, found ${count}`);
  }
  const nodeAt = settler();
  let id = 0;
  return shuffled(sites.slice(0, count), random).map((site) => {
    id += 1 + Math.floor(random() * 9);
    return nodeAt(site, id, random() >= inactiveShare);
  });
}

function sitesIn(city: City, random: () => number): Site[] {
  const [name, , countryCode, , , weight] = city;
  const [first, ...others] = shuffled(nationalProviders[countryCode] ?? carriers, random);
  const cloudsHere = clouds.filter(({ cityNames }) => cityNames.includes(name)).map(({ provider }) => provider);
  const providers = [first as Provider, ...shuffled([...others, ...carriersIn(city, random), ...cloudsHere], random)];
  const sites = providers.map((provider, nth): Site => ({
    city,
    provider,
    isIPv6: false,
    rank: (nth + random() / 2) / weight,
  }));
  const isWired = ({ provider: [, , , networkType = 'Backbone'] }: Site): boolean => /Backbone|Cloud/.test(networkType);
  return [...sites, ...sites.filter(isWired).map((site): Site => ({ ...site, isIPv6: true, rank: site.rank + 100 }))];
}

/** All of them where networks meet, some in other large cities; foreign ones have none in mainland China. */
function carriersIn([, , countryCode, , , weight]: City, random: () => number): Provider[] {
  if (weight === 1 || countryCode === 'CN') return [];
  const nationalNames = (nationalProviders[countryCode] ?? []).map(([name]) => name);
  const others = shuffled(carriers, random).filter(([name]) => !nationalNames.includes(name));
  return weight === 3 ? others : others.slice(0, 3);
}

/** Makes nodes of sites, and gives every place and provider the id under which it comes again. */
function settler(): (site: Site, id: number, active: boolean) => SimulatedNode {
  const [continentOf, countryOf, regionOf, cityOf, ispOf] = [
    numbered(),
    numbered(),
    numbered(),
    numbered(),
    numbered(),
  ];
  return ({ city, provider, isIPv6 }, id, active) => {
    const [name, region, countryCode, latitude, longitude] = city;
    const [providerName, asn, asnName, networkType = 'Backbone'] = provider;
    const [country, continent] = countries[countryCode] ?? [countryCode, 'Europe'];
    return {
      id,
      name: `${name}, ${countryCode} - ${providerName}${isIPv6 ? ' IPv6' : ''}`,
      asn,
      asnName,
      isp: ispOf(providerName),
      city: cityOf(name, countryCode),
      region: regionOf(region, countryCode),
      country: countryOf(country),
      continent: continentOf(continent),
      latitude,
      longitude,
      networkType: networkTypes[networkType],
      active,
      ipRanges: networkType === 'LastMile' ? '' : addressesOf(id, isIPv6),
    };
  };
}

/** Names with ids, counted from 1; `within` tells equal names apart. */
function numbered(): (name: string, within?: string) => Named {
  const known = new Map<string, Named>();
  return (name, within = '') => {
    const key = `${name}|${within}`;
    const named = known.get(key) ?? { id: known.size + 1, name };
    known.set(key, named);
    return named;
  };
}

/** Out of the ranges that are set apart for benchmarks (RFC 2544) and documentation (RFC 3849). */
function addressesOf(id: number, isIPv6: boolean): string {
  return isIPv6 ? `2001:db8:${id.toString(16)}::/64` : `198.${18 + (id >> 13)}.${(id >> 5) & 255}.${(id & 31) << 3}/29`;
}
