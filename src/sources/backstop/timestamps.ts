// Parses the times that senders write.

import { DateTime } from 'luxon';
import { describe, Malformed, numberText } from './json.ts';

const hourMs = 3_600_000;

/**
 * Parses seconds since 1970 UTC, with or without a fraction, into milliseconds.
 *
 * @throws Malformed unless it is a number after 1970 and at most an hour after `nowMs`
 */
export function parseSeconds(field: string, seconds: unknown, nowMs: number): number {
  const text = numberText(seconds);
  if (text === undefined) throw new Malformed(`${field}: expected seconds since 1970, found ${describe(seconds)}`);
  return inRange(field, Math.round(Number(text) * 1000), text, nowMs);
}

/**
 * Parses an ISO 8601 time into milliseconds since 1970 UTC. A time without an offset is UTC.
 *
 * @throws Malformed as parseSeconds does
 */
export function parseIso(field: string, iso: unknown, nowMs: number): number {
  const ms = typeof iso === 'string' ? DateTime.fromISO(iso.trim(), { zone: 'utc' }).toMillis() : NaN;
  if (Number.isNaN(ms)) {
    throw new Malformed(`${field}: expected a time such as 2024-03-05T10:00:00Z, found ${describe(iso)}`);
  }
  return inRange(field, ms, String(iso), nowMs);
}

function inRange(field: string, ms: number, text: string, nowMs: number): number {
  const found = text.slice(0, 80);
  if (ms < 1000) throw new Malformed(`${field}: expected a time after 1970, found ${found}`);
  if (ms > nowMs + hourMs) throw new Malformed(`${field}: expected a time not more than an hour ahead, found ${found}`);
  return ms;
}
