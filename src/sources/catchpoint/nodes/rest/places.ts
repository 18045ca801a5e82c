// Where places are: the continent of a city or country and the region of a city, by what v2 tells apart from its nodes.

import { member } from '../../fields.ts';
import { type Place, placeOf } from './listed-node.ts';

/** A row of /nodes/geographycity. */
export interface City {
  readonly city: Place;
  readonly country: Place;
  /** The state's name; undefined where there are none. */
  readonly region: string | undefined;
}

export type ContinentOf = (city: Place, country: Place) => string | undefined;
export type RegionOf = (city: Place, country: Place) => string | undefined;

/**
 * Continents by city, then by country, first where id and name both fit, then by the name alone; a name that stands
 * for several continents tells nothing. (Whether the ids are those of /nodes/all is not documented.)
 *
 * @param continents - data.continents of /nodes/groups/nodelocations
 */
export function continentsBy(continents: readonly unknown[]): ContinentOf {
  const ofCity = namedPlaces();
  const ofCountry = namedPlaces();
  for (const continent of continents) {
    const { name } = placeOf(continent);
    if (name === undefined) continue;
    for (const country of listOf(continent, 'countries')) {
      ofCountry.add(placeOf(country), '', name);
      for (const city of listOf(country, 'cities')) ofCity.add(placeOf(city), placeOf(country).name ?? '', name);
    }
  }
  return (city, country) => ofCity.find(city, country.name ?? '') ?? ofCountry.find(country, '');
}

/** Regions by city and country, by the same rule. */
export function regionsBy(cities: readonly City[]): RegionOf {
  const ofCity = namedPlaces();
  for (const { city, country, region } of cities) {
    if (region !== undefined) ofCity.add(city, country.name ?? '', region);
  }
  return (city, country) => ofCity.find(city, country.name ?? '');
}

export function cityOf(entry: unknown): City {
  return {
    city: placeOf(member(entry, 'city')),
    country: placeOf(member(entry, 'country')),
    region: placeOf(member(entry, 'state')).name,
  };
}

interface NamedPlaces {
  add(place: Place, within: string, value: string): void;
  find(place: Place, within: string): string | undefined;
}

function namedPlaces(): NamedPlaces {
  const byIdAndName = new Map<string, string>();
  /** Undefined: several. */
  const byName = new Map<string, string | undefined>();
  const nameKey = ({ name = '' }: Place, within: string): string =>
    JSON.stringify([name.toLowerCase(), within.toLowerCase()]);
  const idKey = (place: Place, within: string): string => `${place.id} ${nameKey(place, within)}`;
  return {
    add(place, within, value) {
      if (place.name === undefined) return;
      if (place.id !== undefined) byIdAndName.set(idKey(place, within), value);
      const key = nameKey(place, within);
      byName.set(key, byName.has(key) && byName.get(key) !== value ? undefined : value);
    },
    find(place, within) {
      if (place.name === undefined) return undefined;
      return byIdAndName.get(idKey(place, within)) ?? byName.get(nameKey(place, within));
    },
  };
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const entries = member(value, name);
  return Array.isArray(entries) ? entries : [];
}
