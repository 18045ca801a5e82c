// The list of v2's cities with their regions. It is read page by page, only until the needed cities are found, and
// stored on disk.

import { join } from 'node:path';
import { finiteNumber, describeValue, member, nonBlankText, positiveInteger } from '../../fields.ts';
import { jsonFile } from '../json-file.ts';
import type { CacheOptions } from '../listing.ts';
import type { Page } from './page-cache.ts';
import { type Place, placeOf } from './listed-node.ts';
import { type City, cityOf, regionsBy, type PlaceLookup } from './places.ts';

interface CityKey {
  readonly city: Place;
  readonly country: Place;
}

interface Regions {
  readonly regionOf: PlaceLookup;
  /** The reason why the list was not read to its end, if wanted cities are missing. */
  readonly incompleteReason?: string;
}

export interface CityCache {
  /** Reads pages until the list has every wanted city, or ends. A failed page ends the reading and does not throw. */
  regions(wanted: readonly CityKey[], readPage: (page: number) => Promise<Page>): Promise<Regions>;
}

interface StoredCities {
  /** Time of the first page, ms since 1970 UTC. */
  readonly startedAtMs: number;
  readonly nextPage: number;
  /** True if the list was read to its end. */
  readonly finished: boolean;
  readonly cities: ReadonlyMap<string, City>;
}

const weekMs = 7 * 86_400_000;
/** The list may have all cities of the world. The next refresh continues after the last page. */
const maxPagesARefresh = 60;
const pagesAWrite = 10;

export function cityCache({ stateDir, clock, log }: CacheOptions): CityCache {
  const file = jsonFile({ path: join(stateDir, 'nodes', 'cities.json'), parse, render, log });

  /** A finished list is not read again within a week, even when it has no entry for a wanted city. */
  async function startOrContinue(): Promise<StoredCities> {
    const stored = await file.read();
    const ageMs = clock.now() - (stored?.startedAtMs ?? 0);
    if (stored !== undefined && !(stored.finished && (ageMs >= weekMs || ageMs < 0))) return stored;
    return { startedAtMs: clock.now(), nextPage: 1, finished: false, cities: stored?.cities ?? new Map() };
  }

  return {
    async regions(wanted, readPage) {
      let list = await startOrContinue();
      const listed = new Set([...list.cities.values()].map(nameKey));
      const missing = new Set(wanted.map(nameKey).filter((key) => !listed.has(key)));
      let incompleteReason: string | undefined;
      let unwrittenPages = 0;
      try {
        for (let read = 1; read <= maxPagesARefresh && missing.size > 0 && !list.finished; read += 1) {
          list = withPage(list, await readPage(list.nextPage), missing);
          unwrittenPages += 1;
          if (unwrittenPages < pagesAWrite) continue;
          await file.write(list);
          unwrittenPages = 0;
        }
      } catch (error) {
        incompleteReason = (error as Error).message;
      }
      if (missing.size > 0 && !list.finished)
        incompleteReason ??= `${missing.size} cities are not on the first ${list.nextPage - 1} pages`;
      if (unwrittenPages > 0) await file.write(list);
      return { regionOf: regionsBy([...list.cities.values()]), ...(incompleteReason && { incompleteReason }) };
    },
  };
}

/** Adds a page to the list and removes its cities from `missing`, also cities without a region. */
function withPage(list: StoredCities, page: Page, missing: Set<string>): StoredCities {
  const cities = new Map(list.cities);
  for (const city of page.entries.map(cityOf)) {
    cities.set(idKey(city), city);
    missing.delete(nameKey(city));
  }
  return { ...list, cities, nextPage: list.nextPage + 1, finished: !page.more || page.entries.length === 0 };
}

function nameKey({ city, country }: CityKey): string {
  return JSON.stringify([city.name?.toLowerCase(), country.name?.toLowerCase()]);
}

function idKey(city: City): string {
  return `${city.city.id} ${nameKey(city)}`;
}

function render({ cities, ...list }: StoredCities): string {
  const rows = [...cities.values()].map((city) => JSON.stringify(city)).join(',\n');
  return `${JSON.stringify(list).slice(0, -1)},"cities":[\n${rows}\n]}`;
}

function parse(json: unknown): StoredCities {
  const startedAtMs = finiteNumber(member(json, 'startedAtMs'));
  const nextPage = positiveInteger(member(json, 'nextPage'));
  const rows = member(json, 'cities');
  if (startedAtMs === undefined || nextPage === undefined || !Array.isArray(rows)) {
    throw new Error(`the cities: expected startedAtMs, nextPage and cities, found ${describeValue(json)}`);
  }
  const cities = rows.map((row) => ({
    city: placeOf(member(row, 'city')),
    country: placeOf(member(row, 'country')),
    region: nonBlankText(member(row, 'region')),
  }));
  return {
    startedAtMs,
    nextPage,
    finished: member(json, 'finished') === true,
    cities: new Map(cities.map((city) => [idKey(city), city])),
  };
}
