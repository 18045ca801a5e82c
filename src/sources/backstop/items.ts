// The items of a request body. Each item becomes data points or a separate error.

import type { Annotation, DataPoint, Tags, TimeUnit } from '../../model/point.ts';
import { Malformed } from './json.ts';

/** `legacy`: Backstop's own paths. `tags`: OpenTSDB's form. */
export type Naming = 'legacy' | 'tags';

export interface NamingOptions {
  readonly naming: Naming;
  readonly unit: TimeUnit;
  /** Precedes every name, with a dot: the API key of a hosted Graphite. */
  readonly prefix: string | undefined;
}

export interface ReadOptions extends NamingOptions {
  /** ms since 1970 UTC */
  readonly nowMs: number;
}

/**
 * An item without points is skipped: it is valid and there is nothing to store. Items with the same run key are one
 * delivery, which is stored once.
 */
export type Item =
  | { readonly points: readonly DataPoint[]; readonly runKey?: string | undefined }
  | { readonly error: string };

export interface Sample {
  readonly metric: string;
  readonly tags?: Tags;
  readonly value: string;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  readonly annotation?: Annotation | undefined;
}

export function pointOf({ metric, tags = {}, value, timeMs, annotation }: Sample, options: ReadOptions): DataPoint {
  const { unit, prefix } = options;
  return {
    metric: prefix === undefined ? metric : `${prefix}.${metric}`,
    timestamp: unit === 'ms' ? timeMs : Math.floor(timeMs / 1000),
    unit,
    value,
    tags,
    ...(annotation !== undefined && { annotation }),
  };
}

/** Reads one item. A Malformed becomes its error, with its place in the body before it. */
export function item(place: string, read: () => readonly DataPoint[]): Item {
  try {
    return { points: read() };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { error: `${place}: ${error.message}` };
  }
}
