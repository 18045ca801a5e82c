// The cities of v2 with their regions: read page by page only as far as needed, at most once a week, and kept on disk.

import { join } from 'node:path';
import type { Clock } from '../../../../runtime/clock.ts';
import type { Log } from '../../../../runtime/log.ts';
import { finiteNumber, found, member, positiveInteger, text } from '../../fields.ts';
import { jsonFile } from '../json-file.ts';
import type { Page } from './page-cache.ts';
import { type Place, placeOf } from './listed-node.ts';
import { type City, cityOf, regionsBy, type RegionOf } from './places.ts';

export interface Wanted {
  readonly city: Place;
  readonly country: Place;
}

export interface Regions {
  readonly regionOf: RegionOf;
  /** Why cities are missing that reading on may bring. */
  readonly unread?: string;
}

export interface CityCache {
  /**
   * Tells the regions of cities, after reading on with `readPage` until each of `wanted` is in the list or the list
   * ends. What is known already is told whatever happens.
   */
  regions(wanted: readonly Wanted[], readPage: (page: number) => Promise<Page>): Promise<Regions>;
}

export interface CityCacheOptions {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How far the list has been read. */
interface Reading {
  /** When its first page was read, in ms since 1970 UTC. */
  readonly startedAtMs: number;
  readonly nextPage: number;
  readonly finished: boolean;
  readonly cities: ReadonlyMap<string, City>;
}

const weekMs = 7 * 86_400_000;
/** The list may be that of all the world's cities, and nodes wait for it; the next refresh goes on where this one stops. */
const maxPagesARefresh = 60;
const pagesAWrite = 10;

export function cityCache({ stateDir, clock, log }: CityCacheOptions): CityCache {
  const file = jsonFile({ path: join(stateDir, 'nodes', 'cities.json'), parse: readingOf, render, log });

  /** A list that was read to its end without a city is not read again within a week. */
  async function startOrGoOn(): Promise<Reading> {
    const kept = await file.read();
    const fresh = { startedAtMs: clock.now(), nextPage: 1, finished: false };
    if (kept === undefined) return { ...fresh, cities: new Map() };
    const ageMs = clock.now() - kept.startedAtMs;
    return kept.finished && (ageMs >= weekMs || ageMs < 0) ? { ...fresh, cities: kept.cities } : kept;
  }

  return {
    async regions(wanted, readPage) {
      let reading = await startOrGoOn();
      const names = new Set([...reading.cities.values()].map(nameKey));
      const missing = new Set(wanted.map(nameKey).filter((key) => !names.has(key)));
      let unread: string | undefined;
      let unwritten = 0;
      try {
        for (let read = 1; read <= maxPagesARefresh && missing.size > 0 && !reading.finished; read += 1) {
          reading = withPage(reading, await readPage(reading.nextPage), missing);
          unwritten += 1;
          if (unwritten < pagesAWrite) continue;
          await file.write(reading);
          unwritten = 0;
        }
      } catch (error) {
        unread = (error as Error).message;
      }
      if (missing.size > 0 && !reading.finished)
        unread ??= `${missing.size} cities are not on the first ${reading.nextPage - 1} pages`;
      if (unwritten > 0) await file.write(reading);
      return { regionOf: regionsBy([...reading.cities.values()]), ...(unread === undefined ? {} : { unread }) };
    },
  };
}

/** Goes on by a page, and takes its cities from the missing ones: a row without a state is an answer too. */
function withPage(reading: Reading, page: Page, missing: Set<string>): Reading {
  const cities = new Map(reading.cities);
  for (const city of page.entries.map(cityOf)) {
    cities.set(`${city.city.id} ${nameKey(city)}`, city);
    missing.delete(nameKey(city));
  }
  return { ...reading, cities, nextPage: reading.nextPage + 1, finished: !page.more || page.entries.length === 0 };
}

function nameKey({ city, country }: Wanted): string {
  return JSON.stringify([city.name?.toLowerCase(), country.name?.toLowerCase()]);
}

function render({ cities, ...reading }: Reading): string {
  const rows = [...cities.values()].map((city) => JSON.stringify(city)).join(',\n');
  return `${JSON.stringify(reading).slice(0, -1)},"cities":[\n${rows}\n]}`;
}

function readingOf(json: unknown): Reading {
  const startedAtMs = finiteNumber(member(json, 'startedAtMs'));
  const nextPage = positiveInteger(member(json, 'nextPage'));
  const rows = member(json, 'cities');
  if (startedAtMs === undefined || nextPage === undefined || !Array.isArray(rows)) {
    throw new Error(`the cities: expected startedAtMs, nextPage and cities, found ${found(json)}`);
  }
  const cities = new Map<string, City>();
  for (const row of rows) {
    const city = {
      city: placeOf(member(row, 'city')),
      country: placeOf(member(row, 'country')),
      region: text(member(row, 'region')),
    };
    cities.set(`${city.city.id} ${nameKey(city)}`, city);
  }
  return { startedAtMs, nextPage, finished: member(json, 'finished') === true, cities };
}
