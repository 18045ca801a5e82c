// Parses the query string of /status/map.

import type { MapQuery } from './map-aggregates.ts';
import { sliceNames } from './messages.ts';

const defaultMinutes = 15;

/**
 * `?test=204417&by=isp&continent=Europe&isp=…&minutes=15`, all optional.
 *
 * @throws an Error with status 400
 */
export function parseMapQuery(search: URLSearchParams): MapQuery {
  const slice = search.get('by') ?? 'country';
  const by = sliceNames.find((name) => name === slice);
  if (by === undefined)
    throw badRequest(`by: expected one of ${sliceNames.join(', ')}, found ${JSON.stringify(slice)}`);
  return {
    by,
    testId: integerOf(search, 'test', Number.MAX_SAFE_INTEGER),
    minutes: integerOf(search, 'minutes', 60) ?? defaultMinutes,
    continent: search.get('continent') || undefined,
    isp: search.get('isp') || undefined,
  };
}

function integerOf(search: URLSearchParams, name: string, max: number): number | undefined {
  const text = search.get(name) || undefined;
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw badRequest(`${name}: expected an integer from 1 to ${max}, found ${JSON.stringify(text)}`);
}

function badRequest(message: string): Error {
  return Object.assign(new Error(message), { status: 400, expose: true });
}
