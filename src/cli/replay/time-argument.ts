// Parses the times and zones of the command line.

import { DateTime, Duration, IANAZone, type Zone } from 'luxon';
import { expected } from '../../config/settings/values.ts';

const units: Readonly<Record<string, string>> = {
  s: 'seconds',
  m: 'minutes',
  min: 'minutes',
  h: 'hours',
  d: 'days',
  w: 'weeks',
};

/**
 * Returns ms since 1970 UTC. The text is ISO 8601, in UTC unless it has an offset or an IANA zone follows it
 * (2026-11-18T09:00Z, 2026-11-18, 2026-11-18T09:00 Europe/Berlin), or a time ago (90m, 2h, 3d, 1w, PT2H30M).
 *
 * @throws an error with what was expected and found
 */
export function timeArgument(text: string, nowMs: number): number {
  const trimmed = text.trim();
  const ago = durationOf(trimmed);
  if (ago !== undefined) return DateTime.fromMillis(nowMs, { zone: 'utc' }).minus(ago).toMillis();
  const [, digits = '', zoneName] = /^(\d{4}-?\S+)(?:\s+(\S+))?$/.exec(trimmed) ?? [];
  const time = DateTime.fromISO(digits, { zone: zoneName === undefined ? 'utc' : ianaZone(zoneName) });
  if (!time.isValid)
    throw expected('a time such as 2026-11-18T09:00Z, 2026-11-18T09:00 Europe/Berlin or 2h (ago)', text);
  return time.toMillis();
}

/** @throws an error with what was expected and found */
export function ianaZone(text: string): Zone {
  const zone = IANAZone.create(text);
  if (!zone.isValid) throw expected('an IANA zone such as America/New_York or UTC', text);
  return zone;
}

function durationOf(text: string): Duration | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?) ?(s|m|min|h|d|w)(?: ago)?$/.exec(text) ?? [];
  if (unit !== undefined) return Duration.fromObject({ [units[unit] as string]: Number(count) });
  const duration = Duration.fromISO(text);
  return /^P.*\d/.test(text) && duration.isValid ? duration : undefined;
}
