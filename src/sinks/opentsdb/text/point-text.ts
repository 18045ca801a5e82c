// A data point as OpenTSDB reads it: JSON for /api/put, a telnet line, an import line. The same point gives the same bytes.

import type { DataPoint, Tags } from '../../../model/point.ts';

/**
 * One element of the array of POST /api/put. The value is a number literal with the point's own text, so that 158.0 stays
 * a float. The point must be legal: nothing in it needs escaping then.
 */
export function renderJson({ metric, timestamp, value, tags }: DataPoint): string {
  return `{"metric":"${metric}","timestamp":${timestamp},"value":${value},"tags":{${renderTags(tags)}}}`;
}

/** Legal tags as they stand between the braces. */
export function renderTags(tags: Tags): string {
  let pairs = '';
  for (const name in tags) pairs += `${pairs === '' ? '' : ','}"${name}":"${tags[name]}"`;
  return pairs;
}

/** A line of the telnet protocol, without its end. The point must be legal: a telnet line has no way to quote. */
export function renderPutLine(point: DataPoint): string {
  return `put ${renderImportLine(point)}`;
}

/** A line of what `tsdb import` reads, without its end. The point must be legal. */
export function renderImportLine({ metric, timestamp, value, tags }: DataPoint): string {
  let line = `${metric} ${timestamp} ${value}`;
  for (const [name, tag] of Object.entries(tags)) line += ` ${name}=${tag}`;
  return line;
}
