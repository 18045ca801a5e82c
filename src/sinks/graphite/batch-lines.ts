// The lines of a batch, made of its deliveries as they are.

import { expanded, isFactored, type Points } from '../../model/factored-points.ts';
import type { DataPoint } from '../../model/point.ts';
import { asciiBuffer } from '../ascii-buffer.ts';
import { carbonLine } from './line.ts';
import { type LinesOptions, seriesLines } from './series-lines.ts';

/** All lines, in the order of the points; undefined where a point is illegal. */
export type BatchLines = (deliveries: readonly Points[]) => string | undefined;

/** Each delivery is written down at once. What is legal is ASCII. */
export function batchLines(options: LinesOptions): BatchLines {
  const linesOf = seriesLines(options);
  const buffer = asciiBuffer();
  return (deliveries) => {
    buffer.clear();
    for (const points of deliveries) {
      const text = isFactored(points)
        ? (linesOf(points) ?? pointsLines(expanded({ ...points, rest: [] }), options))
        : '';
      const others = pointsLines(isFactored(points) ? points.rest : points, options);
      if (text === undefined || others === undefined) return undefined;
      buffer.addText(text);
      buffer.addText(others);
    }
    return buffer.bytes().toString('latin1');
  };
}

/** The lines of points one by one; undefined where one is illegal. */
function pointsLines(points: readonly DataPoint[], { nameOf, isOwn }: LinesOptions): string | undefined {
  let text = '';
  for (const point of points) {
    const line = carbonLine(point, nameOf);
    if ('fault' in line) return undefined;
    if (isOwn === undefined || isOwn(line.name)) text += line.text;
  }
  return text;
}
