// The lines of factored points: what a node's cuts say in every run is judged, and its names are made, once; only what a run says by
// itself is set between. Byte for byte what carbonLine makes of the points themselves.

import { expanded, type FactoredPoints, type Series } from '../../model/factored-points.ts';
import { faultOfNumber, faultOfTime } from '../../model/legal-point.ts';
import { seriesCache } from '../series-cache.ts';
import { isLegalTail } from './legal-name.ts';
import { carbonLine, roomBetween, secondsOf } from './line.ts';
import type { Naming } from './naming.ts';

/** Their lines, without those of `rest`; undefined where the points are to be asked one by one: one may be illegal, or its name not put together so. */
export type SeriesLines = (points: FactoredPoints) => string | undefined;

export interface LinesOptions {
  readonly nameOf: Naming;
  /** Whether a series is wanted; undefined: all are. */
  readonly isOwn: ((name: string) => boolean) | undefined;
}

/** What runs have in common that have the same cuts, stems and tags. */
interface Form {
  readonly names: Names;
  /** The value of each series that was found legal last. */
  readonly legal: string[];
}

/** The names of the lines: those of each series at the first cut, and so on. */
interface Names {
  /** Of each what stands before the tail, and behind it. */
  readonly befores: readonly string[];
  readonly afters: readonly string[];
  readonly maxTailLength: number;
}

/** How many beginnings of names are remembered. */
const maxKnownBefores = 50_000;
/** Stands for the tail of any run. */
const marker = '.__tail__';

export function seriesLines({ nameOf, isOwn }: LinesOptions): SeriesLines {
  /** Most names begin as those of other nodes do. */
  const knownBefores = new Map<string, string>();
  const formOf = seriesCache<Form>((points) => {
    if (knownBefores.size > maxKnownBefores) knownBefores.clear();
    const names = namesOf(points, nameOf, knownBefores);
    return names && { names, legal: points.series.map(() => '0') };
  });
  return (points) => {
    if (points.series.length === 0 || points.cuts.cuts.length === 0) return '';
    // Tags of all series are another run's or test's as a rule.
    if (points.tags !== undefined || !isLegalTail(points.tail)) return undefined;
    const form = formOf(points);
    if (form === undefined || points.tail.length > form.names.maxTailLength) return undefined;
    const ends = endsOf(points, form.legal);
    return ends && filled(form.names, points.tail, ends, isOwn);
  };
}

/** Made of the points of a run that says nothing by itself; undefined where one is illegal, or the tail does not stand in its name as it is. */
function namesOf(
  { series, cuts }: FactoredPoints,
  nameOf: Naming,
  knownBefores: Map<string, string>,
): Names | undefined {
  const points = expanded({
    timestamp: 1,
    unit: 's',
    tail: marker,
    series: series.map((one) => ({ ...one, value: '0' })),
    cuts,
    rest: [],
  });
  const befores: string[] = [];
  const afters: string[] = [];
  let maxTailLength = Infinity;
  for (const point of points) {
    const line = carbonLine(point, nameOf);
    if ('fault' in line) return undefined;
    const [before = '', after = '', ...more] = line.name.split(marker);
    // What is nothing but dots and slashes may be lost, and the dot of the tail with it.
    if (!/[^./]/.test(point.metric.slice(0, -marker.length)) || !line.name.includes(marker) || more.length > 0)
      return undefined;
    maxTailLength = Math.min(maxTailLength, roomBetween(before, after));
    const shared = knownBefores.get(before) ?? before;
    knownBefores.set(shared, shared);
    befores.push(shared);
    // Joined, and not added: V8 keeps a text that was added up as its parts, and would go through them in every run.
    afters.push([after, ' '].join(''));
  }
  return { befores, afters, maxTailLength };
}

/** The end of each series' lines; undefined where the time or a value is illegal. */
function endsOf(points: FactoredPoints, legal: string[]): readonly string[] | undefined {
  if (faultOfTime(points.timestamp, points.unit) !== undefined) return undefined;
  const time = ` ${secondsOf(points)}\n`;
  const ends: string[] = [];
  for (let at = 0; at < points.series.length; at += 1) {
    const { value } = points.series[at] as Series;
    if (value !== legal[at] && faultOfNumber(value) !== undefined) return undefined;
    legal[at] = value;
    ends.push(value + time);
  }
  return ends;
}

function filled(
  { befores, afters }: Names,
  tail: string,
  ends: readonly string[],
  isOwn: LinesOptions['isOwn'],
): string {
  let text = '';
  for (let at = 0, one = 0; at < befores.length; at += 1) {
    const [before, after] = [befores[at] as string, afters[at] as string];
    if (isOwn === undefined || isOwn(before + tail + after.slice(0, -1))) {
      text += before;
      text += tail;
      text += after;
      text += ends[one];
    }
    one = one + 1 === ends.length ? 0 : one + 1;
  }
  return text;
}
