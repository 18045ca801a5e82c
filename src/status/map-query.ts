// Reads what the map asks for out of its address, and refuses what cannot be meant.

import type { MapQuery } from './map-aggregates.ts';
import { sliceNames } from './messages.ts';

/** A request that cannot be meant. */
class WrongMapQuery extends Error {
  readonly status = 400;
  readonly expose = true;
  override readonly name = 'WrongMapQuery';
}

const usualMinutes = 15;

/** `?test=204417&by=isp&continent=Europe&isp=…&minutes=15`, all of them optional. */
export function mapQueryOf(search: URLSearchParams): MapQuery {
  const by = sliceNames.find((name) => name === (search.get('by') ?? 'country'));
  if (by === undefined)
    throw new WrongMapQuery(`by: expected one of ${sliceNames.join(', ')}, found ${JSON.stringify(search.get('by'))}`);
  return {
    by,
    testId: numberOf(search, 'test', Number.MAX_SAFE_INTEGER),
    minutes: numberOf(search, 'minutes', 60) ?? usualMinutes,
    continent: textOf(search, 'continent'),
    isp: textOf(search, 'isp'),
  };
}

function textOf(search: URLSearchParams, name: string): string | undefined {
  return search.get(name) || undefined;
}

function numberOf(search: URLSearchParams, name: string, most: number): number | undefined {
  const text = textOf(search, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new WrongMapQuery(`${name}: expected an integer from 1 to ${most}, found ${JSON.stringify(text)}`);
  }
  return value;
}
