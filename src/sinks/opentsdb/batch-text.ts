// The text of a batch for /api/put, made of its deliveries as they are.

import { isFactored, type Points } from '../../factored-points.ts';
import { faultOf } from '../../legal-point.ts';
import type { DataPoint } from '../../point.ts';
import { renderJson } from './point-text.ts';
import { seriesRenderer } from './series-text.ts';

/**
 * The array, in bytes that last until the next call; undefined where there is no point, or one is not usual: illegal, without tags, or
 * with an annotation.
 */
export type BatchRenderer = (deliveries: readonly Points[]) => Buffer | undefined;

/**
 * Each delivery is written down at once, for a text that grows over a whole batch is many small objects that live long. What is legal
 * is ASCII.
 *
 * @param maxBytes - bound on a point's text
 */
export function batchRenderer(maxBytes: number): BatchRenderer {
  const seriesText = seriesRenderer(maxBytes);
  let bytes = Buffer.allocUnsafeSlow(65_536);
  let used = 0;

  /** Behind `[` or a comma. */
  function add(text: string): void {
    if (text === '') return;
    const needed = used + text.length + 2;
    if (needed > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * needed);
      bytes.copy(larger, 0, 0, used);
      bytes = larger;
    }
    bytes[used] = used === 0 ? opening : comma;
    used += 1 + bytes.write(text, used + 1, text.length, 'latin1');
  }

  return (deliveries) => {
    used = 0;
    for (const points of deliveries) {
      const text = isFactored(points) ? seriesText(points) : '';
      const others = pointsText(isFactored(points) ? points.rest : points, maxBytes);
      if (text === undefined || others === undefined) return undefined;
      add(text);
      add(others);
    }
    if (used === 0) return undefined;
    bytes[used] = closing;
    return bytes.subarray(0, used + 1);
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
