// Gives points without tags what OpenTSDB wants of a point: a tag, and a metric in its letters.

import type { DataPoint } from '../../../model/point.ts';
import type { Ruling, Verdict } from '../../../model/sink.ts';

/** The tag of points that have none. */
const onlyTag = { source: 'bridge' };

/** A point as OpenTSDB may have it: a path that says everything itself has its other characters made `_`. */
export function withDefaultTag(point: DataPoint): DataPoint {
  if (Object.keys(point.tags).length > 0) return point;
  return { ...point, metric: point.metric.replace(/[^A-Za-z0-9._/-]+/g, '_'), tags: onlyTag };
}

/** Has points written as `tagged` makes them, and gives the verdict on the points as they came. */
export async function writeWithDefaultTag(
  points: readonly DataPoint[],
  write: (points: readonly DataPoint[]) => Promise<Verdict>,
): Promise<Verdict> {
  const sent = points.map(withDefaultTag);
  if (sent.every((point, index) => point === points[index])) return write(points);
  const originals = new Map(sent.map((point, index) => [point, points[index] as DataPoint]));
  const original = (ruling: Ruling): Ruling => ({ ...ruling, point: originals.get(ruling.point) ?? ruling.point });
  const { rejected, kept } = await write(sent);
  return { rejected: rejected.map(original), kept: kept.map(original) };
}
