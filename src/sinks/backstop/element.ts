// Renders points as elements of the array that is posted to /publish/PREFIX.

import { faultOf } from '../../model/legal-point.ts';
import type { DataPoint, Tags } from '../../model/point.ts';
import { exactPath, faultOfCarbonName, legalNode, legalPath, printable, withoutEmptyNodes } from '../carbon-name.ts';

/** `dotted`: tags are nodes of the name, as Carbon needs it. `tags`: a member of their own, which a bridge reads. */
export type BackstopNames = 'dotted' | 'tags';

/** A point and the members of its element, without the id and the braces. */
export interface Element {
  readonly point: DataPoint;
  readonly members: string;
}

/** A point that renders to more is not sent. */
const maxElementBytes = 16_384;

/**
 * Renders `"metric":…,"value":…,"measure_time":…`, in the order of docker-stats-to-backstop, and `"tags":{…}` with the
 * names `tags`. The value keeps its text, so that a 64-bit integer keeps every digit. Equal points give equal text.
 *
 * The time is in seconds. Milliseconds are a fraction, such as 1709633742.123: a bridge reads it, and Backstop passes it on
 * to Carbon, which reads times as floats.
 */
export function renderElement(point: DataPoint, names: BackstopNames): Element | { readonly fault: string } {
  const fault = faultOf(point, { metricForm: printable, minTags: 0 });
  if (fault !== undefined) return { fault };
  const metric = names === 'dotted' ? dottedName(point) : point.metric;
  const nameFault = names === 'dotted' ? faultOfCarbonName(metric) : undefined;
  if (nameFault !== undefined) return { fault: nameFault };
  const tags = names === 'tags' ? tagsMember(point.tags) : '';
  const members = `"metric":${JSON.stringify(metric)},"value":${point.value},"measure_time":${secondsText(point)}${tags}`;
  if (members.length > maxElementBytes)
    return { fault: `at most ${maxElementBytes} bytes wanted, found ${members.length}` };
  return { point, members };
}

/** The name that Graphite's default dotted template gives: the tags by name, each as `name.value`. */
function dottedName({ metric, tags }: DataPoint): string {
  const sorted = Object.entries(tags).toSorted(([one], [other]) => (one < other ? -1 : 1));
  if (sorted.length === 0) return exactPath(metric);
  return withoutEmptyNodes([legalPath(metric), ...sorted.flat().map(legalNode)].join('.'));
}

/** Legal tags need no escapes. */
function tagsMember(tags: Tags): string {
  const pairs = Object.entries(tags).map(([name, tag]) => `"${name}":"${tag}"`);
  return pairs.length === 0 ? '' : `,"tags":{${pairs.join(',')}}`;
}

function secondsText({ timestamp, unit }: DataPoint): string {
  if (unit === 's') return String(timestamp);
  const digits = String(timestamp);
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
