// The points of a delivery as text. Rows: `R` and JSON without the names of members. Factored: `F`, a line with what all points share
// and the series, and a line with the cuts, which is the same for every run of a node:
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
import { sharedLines } from './shared-line.ts';

/** Points without an annotation have no sixth member, and those of which more than it is to be written no seventh. */
export type PointRow = [
  metric: string,
  timestamp: number,
  unit: TimeUnit,
  value: string,
  tags: Tags,
  annotation?: Annotation,
  only?: 'annotation',
];

/** A point without the names of its members. */
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

/** Made once for each cuts object, which a source remembers by the node. */
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
  const known = cutsText.get(cuts);
  if (known !== undefined) return known;
  const row: CutsRow = [cuts.tags, cuts.cuts];
  const text = JSON.stringify(row);
  cutsText.set(cuts, text);
  return text;
}

/** How many different cuts a decoder remembers. */
const maxKnownCuts = 50_000;

/** Decodes points; the same cuts come out as the same object, and the same tags of series as a rule, so that a sink can remember what it has made of them. */
export function pointsDecoder(): (text: string) => Points {
  const known = new Map<string, Cuts>();
  const lines = sharedLines();

  function cutsOf(text: string): Cuts {
    const found = known.get(text);
    if (found !== undefined) return found;
    const [tags, cuts] = JSON.parse(text) as CutsRow;
    if (known.size >= maxKnownCuts) known.clear();
    const made: Cuts = { tags, cuts };
    known.set(text, made);
    return made;
  }

  return (text) => {
    if (text.startsWith('R')) return (JSON.parse(text.slice(1)) as PointRow[]).map(pointOf);
    const usual = lines.read(text);
    if (usual !== undefined) {
      const { timestamp, unit, tail, series, end } = usual;
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

/** Points and a change in one payload: how many bytes the points take, in eight hexadecimal digits, the points, the change. */
export function joinedPayload(points: string, change: string): string {
  return `${Buffer.byteLength(points).toString(16).padStart(8, '0')}${points}${change}`;
}

export function splitPayload(payload: Buffer): { readonly points: string; readonly change: string } {
  const end = 8 + Number.parseInt(payload.toString('latin1', 0, 8), 16);
  return { points: payload.toString('utf8', 8, end), change: payload.toString('utf8', end) };
}
