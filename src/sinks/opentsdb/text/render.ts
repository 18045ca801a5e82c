// Renders the legal points of a batch and rejects the others.

import type { DataPoint } from '../../../model/point.ts';
import type { Ruling } from '../../../model/sink.ts';
import { faultOf } from '../../../model/legal-point.ts';
import { renderImportLine, renderJson, renderPutLine } from './point-text.ts';

export interface RenderedPoint {
  readonly point: DataPoint;
  readonly text: string;
}

interface Rendered {
  readonly legal: readonly RenderedPoint[];
  /** Not sent; the reason names the fault. */
  readonly rejected: readonly Ruling[];
}

const renderers = { json: renderJson, put: renderPutLine, import: renderImportLine };

/** @param maxBytes - bound on a point's text */
export function renderLegal(points: readonly DataPoint[], format: keyof typeof renderers, maxBytes: number): Rendered {
  const legal: RenderedPoint[] = [];
  const rejected: Ruling[] = [];
  for (const point of points) {
    const fault = faultOf(point);
    const text = fault === undefined ? renderers[format](point) : '';
    if (fault !== undefined) rejected.push({ point, reason: `not sent: ${fault}` });
    else if (text.length > maxBytes)
      rejected.push({ point, reason: `not sent: ${text.length} bytes, at most ${maxBytes} wanted` });
    else legal.push({ point, text });
  }
  return { legal, rejected };
}
