// What every endpoint makes of what it reads, and the two ways of naming it.

import type { Annotation, DataPoint, Tags, TimeUnit } from '../../model/point.ts';
import { Malformed } from './exact-json.ts';
import { type Calendar, timestampOf } from './moment.ts';

/** `legacy`: Backstop's own paths. `tags`: OpenTSDB's form. */
export const namings = ['legacy', 'tags'] as const;
export type Naming = (typeof namings)[number];

export interface NamingOptions {
  readonly naming: Naming;
  readonly unit: TimeUnit;
  /** Stands before every name, with a dot: the key of a hosted Graphite. */
  readonly prefix: string | undefined;
}

/** What the reading of one body goes by. */
export interface ReadingOptions extends NamingOptions, Calendar {}

/** One item of a body: its points, none where there is nothing to store, or what is wrong with it. */
export type Item = { readonly points: readonly DataPoint[] } | { readonly fault: string };

/** A series and its value at one instant, before it is a point. */
export interface Named {
  readonly metric: string;
  readonly tags?: Tags;
  readonly value: string;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  readonly annotation?: Annotation | undefined;
}

/** Makes a data point; a legacy name has no tags, it says everything itself. */
export function pointOf({ metric, tags = {}, value, timeMs, annotation }: Named, options: ReadingOptions): DataPoint {
  const { unit, prefix } = options;
  return {
    metric: prefix === undefined ? metric : `${prefix}.${metric}`,
    timestamp: timestampOf(timeMs, options),
    unit,
    value,
    tags,
    ...(annotation !== undefined && { annotation }),
  };
}

/** The item that `read` gives, or its fault; `where` it stands is said with it. */
export function item(where: string, read: () => readonly DataPoint[]): Item {
  try {
    return { points: read() };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { fault: `${where}: ${error.message}` };
  }
}
