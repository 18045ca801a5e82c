// Points that share most of what they say: a source that cuts one measurement many ways hands on once what the cuts share.

import type { DataPoint, Tags, TimeUnit } from './point.ts';

/**
 * Every series at every cut, and then `rest`. The metric of a point is `stem`, the cut's name and `tail`, such as
 * `catchpoint.rtt.by_` + `country` + `.204417`; its tags are those of the cuts, the cut's own, those of the series and `tags`, in this order.
 */
export interface FactoredPoints {
  readonly timestamp: number;
  readonly unit: TimeUnit;
  readonly tail: string;
  readonly series: readonly Series[];
  /** The same object for the same cuts as far as possible: what is made of it is remembered by it. */
  readonly cuts: Cuts;
  readonly tags?: Tags | undefined;
  /** Points that are not of this form. */
  readonly rest: readonly DataPoint[];
}

export interface Series {
  readonly stem: string;
  /** Final decimal text, as in DataPoint. */
  readonly value: string;
  readonly tags?: Tags | undefined;
}

export interface Cuts {
  /** Tags of every cut. */
  readonly tags: Tags;
  readonly cuts: readonly Cut[];
}

/** The cut's name, and the value of the tag of that name; without a value it has no tag of its own. */
export type Cut = readonly [name: string, value?: string];

/** What a source delivers. */
export type Points = readonly DataPoint[] | FactoredPoints;

export function isFactored(points: Points): points is FactoredPoints {
  return !Array.isArray(points);
}

export function pointCount(points: Points): number {
  return isFactored(points) ? points.cuts.cuts.length * points.series.length + points.rest.length : points.length;
}

/** The points themselves, in order: for each cut each series, then the rest. */
export function expanded(points: Points): readonly DataPoint[] {
  if (!isFactored(points)) return points;
  const { timestamp, unit, tail, series, cuts, tags, rest } = points;
  const all: DataPoint[] = [];
  for (const [name, value] of cuts.cuts) {
    const own: Tags = value === undefined ? cuts.tags : { ...cuts.tags, [name]: value };
    for (const one of series) {
      all.push({ metric: `${one.stem}${name}${tail}`, timestamp, unit, value: one.value, tags: { ...own, ...one.tags, ...tags } });
    }
  }
  return rest.length === 0 ? all : [...all, ...rest];
}
