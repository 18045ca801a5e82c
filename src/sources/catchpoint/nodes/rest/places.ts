// Finds the continent and the region of a city, from lists of v2 that are separate from its nodes.

import { member } from '../../fields.ts';
import { type Place, placeOf } from './listed-node.ts';

/** A row of /nodes/geographycity. */
export interface City {
  readonly city: Place;
  readonly country: Place;
  /** The state's name. Undefined in countries without states. */
  readonly region: string | undefined;
}

export type PlaceLookup = (city: Place, country: Place) => string | undefined;

/**
 * Looks up continents by city, then by country. A match of id and name comes before a match of the name alone. A name
 * with several continents has none. Catchpoint does not document whether the ids are those of /nodes/all.
 *
 * @param continents - data.continents of /nodes/groups/nodelocations
 */
export function continentsBy(continents: readonly unknown[]): PlaceLookup {
  const ofCity = placeIndex();
  const ofCountry = placeIndex();
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

/** Looks up regions by city and country, with the same rule for ids and names. */
export function regionsBy(cities: readonly City[]): PlaceLookup {
  const ofCity = placeIndex();
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

interface PlaceIndex {
  add(place: Place, within: string, value: string): void;
  find(place: Place, within: string): string | undefined;
}

function placeIndex(): PlaceIndex {
  const byIdAndName = new Map<string, string>();
  /** Undefined marks a name with several values. */
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
