// The text of a batch for /api/put, made of its deliveries as they are.

import { isFactored, type Points } from '../../../model/factored-points.ts';
import { faultOf } from '../../../model/legal-point.ts';
import type { DataPoint } from '../../../model/point.ts';
import { asciiBuffer } from '../../ascii-buffer.ts';
import { renderJson } from './point-text.ts';
import { seriesRenderer } from './series-text.ts';

/**
 * The array, in bytes that last until the next call; undefined where there is no point, or one is not usual: illegal, without tags, or
 * with an annotation.
 */
export type BatchRenderer = (deliveries: readonly Points[]) => Buffer | undefined;

/**
 * Each delivery is written down at once. What is legal is ASCII.
 *
 * @param maxBytes - bound on a point's text
 */
export function batchRenderer(maxBytes: number): BatchRenderer {
  const seriesText = seriesRenderer(maxBytes);
  const buffer = asciiBuffer();

  /** Behind `[` or a comma. */
  function add(text: string): void {
    if (text === '') return;
    buffer.addByte(buffer.length() === 0 ? opening : comma);
    buffer.addText(text);
  }

  return (deliveries) => {
    buffer.clear();
    for (const points of deliveries) {
      const text = isFactored(points) ? seriesText(points) : '';
      const others = pointsText(isFactored(points) ? points.rest : points, maxBytes);
      if (text === undefined || others === undefined) return undefined;
      add(text);
      add(others);
    }
    if (buffer.length() === 0) return undefined;
    buffer.addByte(closing);
    return buffer.bytes();
  };
}

const [opening, comma, closing] = [0x5b, 0x2c, 0x5d];

/** Points that are not factored. */
function pointsText(points: readonly DataPoint[], maxBytes: number): string | undefined {
  let text = '';
  for (const point of points) {
    if (point.annotation !== undefined || point.only !== undefined || faultOf(point) !== undefined) return undefined;
    const one = renderJson(point);
    if (one.length > maxBytes) return undefined;
    text += text === '' ? one : `,${one}`;
  }
  return text;
}
