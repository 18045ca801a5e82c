// Encodes the points of a delivery as text. Rows: `R` and JSON arrays. Factored: `F`, a line with the shared part and
// the series, and a line with the cuts, which is constant for a node:
//
//   F[1794994452,"s",".204417",[["catchpoint.rtt.by_","164.0"],["catchpoint.status.by_","1.0",{"status":"ok"}]]]
//   [{"nodeid":"312"},[["node"],["asn","4837"],["country","China"]]]

import {
  type Cut,
  type Cuts,
  type FactoredPoints,
  isFactored,
  type Points,
  type Series,
} from '../../model/factored-points.ts';
import type { Annotation, DataPoint, Tags, TimeUnit } from '../../model/point.ts';
import { type FrameKind, frameKinds } from './format.ts';
import { sharedLines } from './shared-line.ts';

/** The sixth element is present with an annotation, the seventh if the annotation alone is to be written. */
export type PointRow = [
  metric: string,
  timestamp: number,
  unit: TimeUnit,
  value: string,
  tags: Tags,
  annotation?: Annotation,
  only?: 'annotation',
];

export function rowOf({ metric, timestamp, unit, value, tags, annotation, only }: DataPoint): PointRow {
  if (annotation === undefined) return [metric, timestamp, unit, value, tags];
  return only === undefined
    ? [metric, timestamp, unit, value, tags, annotation]
    : [metric, timestamp, unit, value, tags, annotation, only];
}

export function pointOf([metric, timestamp, unit, value, tags, annotation, only]: PointRow): DataPoint {
  return {
    metric,
    timestamp,
    unit,
    value,
    tags,
    ...(annotation !== undefined && { annotation }),
    ...(only !== undefined && { only }),
  };
}

type SeriesRow = [stem: string, value: string, tags?: Tags];
type SharedRow = [
  timestamp: number,
  unit: TimeUnit,
  tail: string,
  series: SeriesRow[],
  tags?: Tags | null,
  rest?: PointRow[],
];
type CutsRow = [tags: Tags, cuts: readonly Cut[]];

/** Encoded once per cuts object, which a source caches by node. */
const cutsText = new WeakMap<Cuts, string>();

export function encodePoints(points: Points): string {
  if (!isFactored(points)) return `R${JSON.stringify(points.map(rowOf))}`;
  const { timestamp, unit, tail, series, cuts, tags, rest } = points;
  const shared: SharedRow = [timestamp, unit, tail, series.map(seriesRow)];
  if (tags !== undefined || rest.length > 0) shared.push(tags ?? null);
  if (rest.length > 0) shared.push(rest.map(rowOf));
  return `F${JSON.stringify(shared)}\n${textOfCuts(cuts)}`;
}

function seriesRow({ stem, value, tags }: Series): SeriesRow {
  return tags === undefined ? [stem, value] : [stem, value, tags];
}

function textOfCuts(cuts: Cuts): string {
  const cached = cutsText.get(cuts);
  if (cached !== undefined) return cached;
  const row: CutsRow = [cuts.tags, cuts.cuts];
  const text = JSON.stringify(row);
  cutsText.set(cuts, text);
  return text;
}

const maxCachedCuts = 50_000;

/** Returns a decoder that interns cuts and most tags of series, so that a sink can cache what it derives from them. */
export function pointsDecoder(): (text: string) => Points {
  const cache = new Map<string, Cuts>();
  const lines = sharedLines();

  function cutsOf(text: string): Cuts {
    const cached = cache.get(text);
    if (cached !== undefined) return cached;
    const [tags, cuts] = JSON.parse(text) as CutsRow;
    if (cache.size >= maxCachedCuts) cache.clear();
    const decoded: Cuts = { tags, cuts };
    cache.set(text, decoded);
    return decoded;
  }

  return (text) => {
    if (text.startsWith('R')) return (JSON.parse(text.slice(1)) as PointRow[]).map(pointOf);
    const line = lines.read(text);
    if (line !== undefined) {
      const { timestamp, unit, tail, series, end } = line;
      return { timestamp, unit, tail, series, cuts: cutsOf(text.slice(end + 1)), rest: [] };
    }
    const end = text.indexOf('\n');
    const [timestamp, unit, tail, rows, tags, rest] = JSON.parse(text.slice(1, end)) as SharedRow;
    const series = rows.map(seriesOf);
    if (tags === undefined) lines.learn(text, series);
    return factored(
      { timestamp, unit, tail, series, cuts: cutsOf(text.slice(end + 1)), rest: rest?.map(pointOf) ?? [] },
      tags,
    );
  };
}

function seriesOf([stem, value, tags]: SeriesRow): Series {
  return tags === undefined ? { stem, value } : { stem, value, tags };
}

function factored(points: FactoredPoints, tags: Tags | null | undefined): FactoredPoints {
  return tags === undefined || tags === null ? points : { ...points, tags };
}

/** The payload of a `both` frame: byte length of the points in eight hexadecimal digits, points, change. */
export function joinedPayload(points: string, change: string): string {
  return `${Buffer.byteLength(points).toString(16).padStart(8, '0')}${points}${change}`;
}

export function splitPayload(payload: Buffer): { readonly points: string; readonly change: string } {
  const end = 8 + Number.parseInt(payload.toString('latin1', 0, 8), 16);
  return { points: payload.toString('utf8', 8, end), change: payload.toString('utf8', end) };
}

/** The JSON of the change in a frame. Undefined if the frame has only points. */
export function changeText(frame: { readonly kind: FrameKind; readonly payload: Buffer }): string | undefined {
  if (frame.kind === frameKinds.points) return undefined;
  return frame.kind === frameKinds.both ? splitPayload(frame.payload).change : frame.payload.toString('utf8');
}
