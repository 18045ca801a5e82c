// Renders one data point for OpenTSDB: JSON for /api/put, a telnet line or an import line. All points must be legal
// (model/legal-point.ts), since nothing is escaped. Equal points give equal bytes.

import type { DataPoint, Tags } from '../../../model/point.ts';

/** Renders an element of the array of POST /api/put. The value keeps its text, so that 158.0 stays a float. */
export function renderJson({ metric, timestamp, value, tags }: DataPoint): string {
  return `{"metric":"${metric}","timestamp":${timestamp},"value":${value},"tags":{${renderTags(tags)}}}`;
}

/** Renders the members of the tags object, without its braces. */
export function renderTags(tags: Tags): string {
  let pairs = '';
  for (const name in tags) pairs += `${pairs === '' ? '' : ','}"${name}":"${tags[name]}"`;
  return pairs;
}

/** Renders a line of the telnet protocol, without its line feed. */
export function renderPutLine(point: DataPoint): string {
  return `put ${renderImportLine(point)}`;
}

/** Renders a line for `tsdb import`, without its line feed. */
export function renderImportLine({ metric, timestamp, value, tags }: DataPoint): string {
  let line = `${metric} ${timestamp} ${value}`;
  for (const [name, tag] of Object.entries(tags)) line += ` ${name}=${tag}`;
  return line;
}
