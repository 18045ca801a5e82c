// Renders the points that may be sent, and parts them from those that may not.

import type { DataPoint } from '../../../model/point.ts';
import type { Ruling } from '../../../model/sink.ts';
import { faultOf } from '../../../model/legal-point.ts';
import { renderImportLine, renderJson, renderPutLine } from './point-text.ts';

/** A point and its text as it is sent. */
export interface RenderedPoint {
  readonly point: DataPoint;
  readonly text: string;
}

export interface Rendered {
  readonly legal: readonly RenderedPoint[];
  /** With what is wrong with them. */
  readonly rejected: readonly Ruling[];
}

const forms = { json: renderJson, put: renderPutLine, import: renderImportLine };

/**
 * Renders points as elements of /api/put, as telnet lines or as import lines.
 *
 * @param maxBytes - bound on a point's text
 */
export function renderLegal(points: readonly DataPoint[], form: keyof typeof forms, maxBytes: number): Rendered {
  const legal: RenderedPoint[] = [];
  const rejected: Ruling[] = [];
  for (const point of points) {
    const fault = faultOf(point);
    const text = fault === undefined ? forms[form](point) : '';
    if (fault !== undefined) rejected.push({ point, reason: `not sent: ${fault}` });
    else if (text.length > maxBytes)
      rejected.push({ point, reason: `not sent: ${text.length} bytes, at most ${maxBytes} wanted` });
    else legal.push({ point, text });
  }
  return { legal, rejected };
}
