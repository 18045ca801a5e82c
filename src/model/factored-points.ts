// Counts and expands points in their factored form, in which a source delivers all slices of one measurement.

import type { DataPoint, FactoredPoints, Points, Tags } from './point.ts';

export type { Cut, Cuts, FactoredPoints, Points, Series } from './point.ts';

export function isFactored(points: Points): points is FactoredPoints {
  return !Array.isArray(points);
}

export function pointCount(points: Points): number {
  return isFactored(points) ? points.cuts.cuts.length * points.series.length + points.rest.length : points.length;
}

/** The single points in order: every series of the first cut, of the second cut and so on, then the rest. */
export function expanded(points: Points): readonly DataPoint[] {
  if (!isFactored(points)) return points;
  const { timestamp, unit, tail, series, cuts, tags, rest } = points;
  const all: DataPoint[] = [];
  for (const [name, value] of cuts.cuts) {
    const cutTags: Tags = value === undefined ? cuts.tags : { ...cuts.tags, [name]: value };
    for (const one of series) {
      all.push({
        metric: `${one.stem}${name}${tail}`,
        timestamp,
        unit,
        value: one.value,
        tags: { ...cutTags, ...one.tags, ...tags },
      });
    }
  }
  all.push(...rest);
  return all;
}

/** Reports whether both render to the same text: equal names and values in the same order. */
export function areSameTags(one: Tags | undefined, other: Tags | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return names.length === others.length && names.every((name, at) => name === others[at] && one[name] === other[name]);
}
