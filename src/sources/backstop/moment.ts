// Times as senders write them, made timestamps of data points.

import { DateTime } from 'luxon';
import type { TimeUnit } from '../../model/point.ts';
import { found, Malformed, numberText } from './exact-json.ts';

/** What telling the time needs. */
export interface Calendar {
  /** The unit of every point's timestamp. */
  readonly unit: TimeUnit;
  /** ms since 1970 UTC */
  readonly nowMs: number;
}

const hourMs = 3_600_000;

/**
 * Seconds since 1970 UTC, perhaps with a fraction, as ms.
 *
 * @throws Malformed for what is no number, not after 1970, or more than an hour ahead: no chart would ever show it
 */
export function msOfSeconds(field: string, seconds: unknown, { nowMs }: Calendar): number {
  const text = numberText(seconds);
  if (text === undefined) throw new Malformed(`${field}: expected seconds since 1970, found ${found(seconds)}`);
  return plausible(field, Math.round(Number(text) * 1000), text, nowMs);
}

/**
 * An ISO 8601 time, as ms since 1970 UTC; without an offset it is UTC.
 *
 * @throws Malformed
 */
export function msOfIso(field: string, iso: unknown, { nowMs }: Calendar): number {
  const ms = typeof iso === 'string' ? DateTime.fromISO(iso.trim(), { zone: 'utc' }).toMillis() : NaN;
  if (Number.isNaN(ms))
    throw new Malformed(`${field}: expected a time such as 2024-03-05T10:00:00Z, found ${found(iso)}`);
  return plausible(field, ms, String(iso), nowMs);
}

function plausible(field: string, ms: number, shown: string, nowMs: number): number {
  if (ms < 1000) throw new Malformed(`${field}: expected a time after 1970, found ${shown.slice(0, 80)}`);
  if (ms > nowMs + hourMs)
    throw new Malformed(`${field}: expected a time not more than an hour ahead, found ${shown.slice(0, 80)}`);
  return ms;
}

/** The timestamp of a data point. */
export function timestampOf(ms: number, { unit }: Calendar): number {
  return unit === 'ms' ? ms : Math.floor(ms / 1000);
}
