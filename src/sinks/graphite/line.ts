// Renders points as Carbon's plaintext lines, and parts them from those that may not be sent.

import { faultOf } from '../../model/legal-point.ts';
import type { DataPoint } from '../../model/point.ts';
import type { Naming } from './naming.ts';

/** A point's name and its line, or what is wrong with it. */
export type Line = { readonly name: string; readonly text: string } | { readonly fault: string };

/** Sources may hand on more than OpenTSDB takes: what prints, and no space. */
const printable = /^[!-~]+$/;
/** Carbon makes a file of a dotted name's last node: at most 255 bytes with `.wsp`. */
const maxNodeBytes = 250;
/** Carbon's line receiver breaks off the connection at 16,384 bytes, and a path may have 4096. */
const maxNameBytes = 2_000;

/**
 * `name value seconds`, with a line feed. Milliseconds lose their fraction of a second: whisper's finest step is a second.
 */
export function carbonLine(point: DataPoint, nameOf: Naming): Line {
  const fault = faultOf(point, { metricForm: printable, minTags: 0 });
  if (fault !== undefined) return { fault };
  const name = nameOf(point);
  const wrongName = faultOfName(name);
  if (wrongName !== undefined) return { fault: wrongName };
  return { name, text: `${name} ${point.value} ${secondsOf(point)}\n` };
}

/** The whole seconds of a time. */
export function secondsOf({ timestamp, unit }: Pick<DataPoint, 'timestamp' | 'unit'>): number {
  return unit === 'ms' ? Math.floor(timestamp / 1000) : timestamp;
}

/** How many characters may stand between two parts of a name, whatever they are; less where that cannot be said. */
export function roomBetween(before: string, after: string): number {
  const room = maxNameBytes - before.length - after.length;
  return after.includes(';') ? room : Math.min(room, maxNodeBytes - longestNode(before) - longestNode(after));
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
