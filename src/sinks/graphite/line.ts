// Renders points as lines of Carbon's plaintext protocol.

import { faultOf } from '../../model/legal-point.ts';
import type { DataPoint } from '../../model/point.ts';
import { faultOfCarbonName, printable } from '../carbon-name.ts';
import type { Naming } from './naming.ts';

/** A point's name and line, or its fault. */
export type Line = { readonly name: string; readonly text: string } | { readonly fault: string };

/** Renders `name value seconds` with a line feed. Milliseconds are truncated: whisper's finest step is a second. */
export function carbonLine(point: DataPoint, nameOf: Naming): Line {
  const fault = faultOf(point, { metricForm: printable, minTags: 0 });
  if (fault !== undefined) return { fault };
  const name = nameOf(point);
  const nameFault = faultOfCarbonName(name);
  if (nameFault !== undefined) return { fault: nameFault };
  return { name, text: `${name} ${point.value} ${secondsOf(point)}\n` };
}

export function secondsOf({ timestamp, unit }: Pick<DataPoint, 'timestamp' | 'unit'>): number {
  return unit === 'ms' ? Math.floor(timestamp / 1000) : timestamp;
}
