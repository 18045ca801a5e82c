// Renders a batch for /api/put from its deliveries, without expanding factored points.

import { isFactored, type Points } from '../../../model/factored-points.ts';
import { faultOf } from '../../../model/legal-point.ts';
import type { DataPoint } from '../../../model/point.ts';
import { asciiBuffer } from '../../ascii-buffer.ts';
import { renderJson } from './point-text.ts';
import { seriesRenderer } from './series-text.ts';

/**
 * Returns the JSON array; the bytes are valid until the next call. Returns undefined for an empty batch, and where a
 * point is illegal, has no tags or has an annotation: such a batch is rendered point by point.
 */
export type BatchRenderer = (deliveries: readonly Points[]) => Buffer | undefined;

/** @param maxBytes - bound on a point's text */
export function batchRenderer(maxBytes: number): BatchRenderer {
  const seriesText = seriesRenderer(maxBytes);
  const buffer = asciiBuffer();

  function addElements(text: string): void {
    if (text === '') return;
    buffer.addByte(buffer.length() === 0 ? opening : comma);
    buffer.addText(text);
  }

  return (deliveries) => {
    buffer.clear();
    for (const points of deliveries) {
      const text = isFactored(points) ? seriesText(points) : '';
      const rest = renderPoints(isFactored(points) ? points.rest : points, maxBytes);
      if (text === undefined || rest === undefined) return undefined;
      addElements(text);
      addElements(rest);
    }
    if (buffer.length() === 0) return undefined;
    buffer.addByte(closing);
    return buffer.bytes();
  };
}

const [opening, comma, closing] = [0x5b, 0x2c, 0x5d];

function renderPoints(points: readonly DataPoint[], maxBytes: number): string | undefined {
  let text = '';
  for (const point of points) {
    if (point.annotation !== undefined || point.only !== undefined || faultOf(point) !== undefined) return undefined;
    const one = renderJson(point);
    if (one.length > maxBytes) return undefined;
    text += text === '' ? one : `,${one}`;
  }
  return text;
}
