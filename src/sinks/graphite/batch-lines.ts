// Renders the lines of a batch from its deliveries, without expanding factored points where possible.

import { expanded, isFactored, type Points } from '../../model/factored-points.ts';
import type { DataPoint } from '../../model/point.ts';
import { asciiBuffer } from '../ascii-buffer.ts';
import { carbonLine } from './line.ts';
import { type LinesOptions, seriesLines } from './series-lines.ts';

/** Returns the lines in the order of the points; undefined where a point is illegal. */
type BatchLines = (deliveries: readonly Points[]) => string | undefined;

export function batchLines(options: LinesOptions): BatchLines {
  const renderSeries = seriesLines(options);
  const buffer = asciiBuffer();
  return (deliveries) => {
    buffer.clear();
    for (const points of deliveries) {
      const text = isFactored(points)
        ? (renderSeries(points) ?? renderPoints(expanded({ ...points, rest: [] }), options))
        : '';
      const rest = renderPoints(isFactored(points) ? points.rest : points, options);
      if (text === undefined || rest === undefined) return undefined;
      buffer.addText(text);
      buffer.addText(rest);
    }
    return buffer.bytes().toString('latin1');
  };
}

function renderPoints(points: readonly DataPoint[], { nameOf, isRoutedHere }: LinesOptions): string | undefined {
  let text = '';
  for (const point of points) {
    const line = carbonLine(point, nameOf);
    if ('fault' in line) return undefined;
    if (isRoutedHere === undefined || isRoutedHere(line.name)) text += line.text;
  }
  return text;
}
