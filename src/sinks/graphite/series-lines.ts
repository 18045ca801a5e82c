// Renders factored points as Carbon's lines from cached series templates. A template holds the checked names that all runs
// of a node share; only the run's own tail, values and time are inserted. The output equals that of carbonLine.

import { expanded, type FactoredPoints, type Series } from '../../model/factored-points.ts';
import { faultOfNumber, faultOfTime } from '../../model/legal-point.ts';
import { seriesCache } from '../series-cache.ts';
import { isLegalTail, maxLengthBetween } from '../carbon-name.ts';
import { carbonLine, secondsOf } from './line.ts';
import type { Naming } from './naming.ts';

/**
 * Returns the lines, without those of `rest`. Returns undefined where the points must be rendered one by one: a point may
 * be illegal, or its name depends on more than the template.
 */
type SeriesLines = (points: FactoredPoints) => string | undefined;

export interface LinesOptions {
  readonly nameOf: Naming;
  /** Selects the series of this destination; undefined: all. */
  readonly isRoutedHere: ((name: string) => boolean) | undefined;
}

/** Shared by all runs with the same cuts, stems and series tags. */
interface SeriesTemplate {
  readonly names: Names;
  /** The last value of each series that passed the check, so that a repeated one is not checked again. */
  readonly lastLegalValues: string[];
}

/** The names of the lines, cut by cut and within a cut series by series. */
interface Names {
  /** The text of each name before the tail. */
  readonly prefixes: readonly string[];
  /** The text of each name after the tail, and a space. */
  readonly suffixes: readonly string[];
  readonly maxTailLength: number;
}

const maxInternedPrefixes = 50_000;
/** Replaced by the tail of a run. */
const tailPlaceholder = '.__tail__';

export function seriesLines({ nameOf, isRoutedHere }: LinesOptions): SeriesLines {
  /** Most nodes share their prefixes with others. */
  const internedPrefixes = new Map<string, string>();
  const templateOf = seriesCache<SeriesTemplate>((points) => {
    if (internedPrefixes.size > maxInternedPrefixes) internedPrefixes.clear();
    const names = namesOf(points, nameOf, internedPrefixes);
    return names && { names, lastLegalValues: points.series.map(() => '0') };
  });
  return (points) => {
    if (points.series.length === 0 || points.cuts.cuts.length === 0) return '';
    // Run tags mostly differ from run to run, so that a template would not be used again.
    if (points.tags !== undefined || !isLegalTail(points.tail)) return undefined;
    const template = templateOf(points);
    if (template === undefined || points.tail.length > template.names.maxTailLength) return undefined;
    const endings = lineEndings(points, template.lastLegalValues);
    return endings && renderLines(template.names, points.tail, endings, isRoutedHere);
  };
}

/** Names the points of a run with placeholders; undefined where one is illegal, or its name does not contain the tail once. */
function namesOf(
  { series, cuts }: FactoredPoints,
  nameOf: Naming,
  internedPrefixes: Map<string, string>,
): Names | undefined {
  const points = expanded({
    timestamp: 1,
    unit: 's',
    tail: tailPlaceholder,
    series: series.map((one) => ({ ...one, value: '0' })),
    cuts,
    rest: [],
  });
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  let maxTailLength = Infinity;
  for (const point of points) {
    const line = carbonLine(point, nameOf);
    if ('fault' in line) return undefined;
    const [prefix = '', suffix = '', ...more] = line.name.split(tailPlaceholder);
    // A metric that consists only of dots and slashes is dropped, together with the dot of the tail.
    if (
      !/[^./]/.test(point.metric.slice(0, -tailPlaceholder.length)) ||
      !line.name.includes(tailPlaceholder) ||
      more.length > 0
    )
      return undefined;
    maxTailLength = Math.min(maxTailLength, maxLengthBetween(prefix, suffix));
    const shared = internedPrefixes.get(prefix) ?? prefix;
    internedPrefixes.set(shared, shared);
    prefixes.push(shared);
    // Joined, not concatenated: V8 would keep the parts of a concatenation and traverse them in every run.
    suffixes.push([suffix, ' '].join(''));
  }
  return { prefixes, suffixes, maxTailLength };
}

/** Returns value and time of each series; undefined where one is illegal. */
function lineEndings(points: FactoredPoints, lastLegalValues: string[]): readonly string[] | undefined {
  if (faultOfTime(points.timestamp, points.unit) !== undefined) return undefined;
  const time = ` ${secondsOf(points)}\n`;
  const endings: string[] = [];
  for (let at = 0; at < points.series.length; at += 1) {
    const { value } = points.series[at] as Series;
    if (value !== lastLegalValues[at] && faultOfNumber(value) !== undefined) return undefined;
    lastLegalValues[at] = value;
    endings.push(value + time);
  }
  return endings;
}

function renderLines(
  { prefixes, suffixes }: Names,
  tail: string,
  endings: readonly string[],
  isRoutedHere: LinesOptions['isRoutedHere'],
): string {
  let text = '';
  for (let at = 0, one = 0; at < prefixes.length; at += 1) {
    const [prefix, suffix] = [prefixes[at] as string, suffixes[at] as string];
    if (isRoutedHere === undefined || isRoutedHere(prefix + tail + suffix.slice(0, -1))) {
      text += prefix;
      text += tail;
      text += suffix;
      text += endings[one];
    }
    one = one + 1 === endings.length ? 0 : one + 1;
  }
  return text;
}
