// Renders points as lines of Carbon's plaintext protocol.

import { faultOf } from '../../model/legal-point.ts';
import type { DataPoint } from '../../model/point.ts';
import type { Naming } from './naming.ts';

/** A point's name and line, or its fault. */
export type Line = { readonly name: string; readonly text: string } | { readonly fault: string };

/** Legal in a metric before naming; OpenTSDB allows fewer characters. */
const printable = /^[!-~]+$/;
/** The last node of a dotted name becomes a file name, which has at most 255 bytes with `.wsp`. */
const maxNodeBytes = 250;
/** Carbon closes the connection at a line of 16,384 bytes, and a path has at most 4096. */
const maxNameBytes = 2_000;

/** Renders `name value seconds` with a line feed. Milliseconds are truncated: whisper's finest step is a second. */
export function carbonLine(point: DataPoint, nameOf: Naming): Line {
  const fault = faultOf(point, { metricForm: printable, minTags: 0 });
  if (fault !== undefined) return { fault };
  const name = nameOf(point);
  const nameFault = faultOfName(name);
  if (nameFault !== undefined) return { fault: nameFault };
  return { name, text: `${name} ${point.value} ${secondsOf(point)}\n` };
}

export function secondsOf({ timestamp, unit }: Pick<DataPoint, 'timestamp' | 'unit'>): number {
  return unit === 'ms' ? Math.floor(timestamp / 1000) : timestamp;
}

/** Returns how long a text between two parts of a name may be, whatever its characters; a lower bound. */
export function maxLengthBetween(before: string, after: string): number {
  const length = maxNameBytes - before.length - after.length;
  return after.includes(';') ? length : Math.min(length, maxNodeBytes - longestNode(before) - longestNode(after));
}

function longestNode(path: string): number {
  return Math.max(...path.split(/[./]/).map((node) => node.length));
}

function faultOfName(name: string): string | undefined {
  if (name === '' || name.startsWith(';')) return 'metric: a name wanted, found none in the letters that Carbon takes';
  const [path = '', tags] = name.split(/;(.*)/s);
  const bytes = tags === undefined ? longestNode(path) : 0;
  if (bytes > maxNodeBytes) return `name: at most ${maxNodeBytes} characters between two dots wanted, found ${bytes}`;
  return name.length > maxNameBytes
    ? `name: at most ${maxNameBytes} characters wanted, found ${name.length}`
    : undefined;
}
