// The lines of a batch, made of its deliveries as they are.

import { expanded, isFactored, type Points } from '../../factored-points.ts';
import type { DataPoint } from '../../point.ts';
import { carbonLine } from './line.ts';
import { type LinesOptions, seriesLines } from './series-lines.ts';

/** All lines, in the order of the points; undefined where a point is illegal. */
export type BatchLines = (deliveries: readonly Points[]) => string | undefined;

/**
 * Each delivery is written down at once, for a text that grows over a whole batch is many small objects, which live until the
 * batch's turn comes. What is legal is ASCII.
 */
export function batchLines(options: LinesOptions): BatchLines {
  const linesOf = seriesLines(options);
  let bytes = Buffer.allocUnsafeSlow(65_536);
  let used = 0;

  function add(text: string): void {
    const needed = used + text.length;
    if (needed > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * needed);
      bytes.copy(larger, 0, 0, used);
      bytes = larger;
    }
    used += bytes.write(text, used, text.length, 'latin1');
  }

  return (deliveries) => {
    used = 0;
    for (const points of deliveries) {
      const text = isFactored(points) ? (linesOf(points) ?? pointsLines(expanded({ ...points, rest: [] }), options)) : '';
      const others = pointsLines(isFactored(points) ? points.rest : points, options);
      if (text === undefined || others === undefined) return undefined;
      if (text !== '') add(text);
      if (others !== '') add(others);
    }
    return bytes.toString('latin1', 0, used);
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
