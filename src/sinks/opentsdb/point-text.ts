// A data point as OpenTSDB reads it: JSON for /api/put, a telnet line, an import line. The same point gives the same bytes.

import type { DataPoint } from '../../point.ts';
import { isJsonNumber } from './legal-point.ts';

/**
 * One element of the array of POST /api/put. The value is a number literal with the point's own text, so that 158.0 stays
 * a float.
 */
export function renderJson({ metric, timestamp, value, tags }: DataPoint): string {
  const pairs = Object.entries(tags).map(([name, tag]) => `${JSON.stringify(name)}:${JSON.stringify(tag)}`);
  const head = `{"metric":${JSON.stringify(metric)},"timestamp":${timestamp}`;
  return `${head},"value":${isJsonNumber(value) ? value : JSON.stringify(value)},"tags":{${pairs.join(',')}}}`;
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
