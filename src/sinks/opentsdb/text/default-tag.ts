// Makes points without tags acceptable to OpenTSDB, which requires a tag and allows fewer characters in a metric.

import type { DataPoint } from '../../../model/point.ts';
import type { Ruling, Verdict } from '../../../model/sink.ts';

const defaultTags = { source: 'bridge' };

/** Adds the default tag to a point without tags, and replaces characters illegal in its metric by `_`. */
export function withDefaultTag(point: DataPoint): DataPoint {
  if (Object.keys(point.tags).length > 0) return point;
  return { ...point, metric: point.metric.replace(/[^A-Za-z0-9._/-]+/g, '_'), tags: defaultTags };
}

/** Writes points as `withDefaultTag` changes them. The verdict names the original points. */
export async function writeWithDefaultTag(
  points: readonly DataPoint[],
  write: (points: readonly DataPoint[]) => Promise<Verdict>,
): Promise<Verdict> {
  const tagged = points.map(withDefaultTag);
  if (tagged.every((point, index) => point === points[index])) return write(points);
  const originals = new Map(tagged.map((point, index) => [point, points[index] as DataPoint]));
  const original = (ruling: Ruling): Ruling => ({ ...ruling, point: originals.get(ruling.point) ?? ruling.point });
  const { rejected, kept } = await write(tagged);
  return { rejected: rejected.map(original), kept: kept.map(original) };
}
