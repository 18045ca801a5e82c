// Renders factored points for /api/put from cached series templates. A template holds the text that all runs of a node
// share; only the run's own time, values and tags are inserted. The output equals that of renderJson for the points.

import type { Cuts, FactoredPoints, Series } from '../../../model/factored-points.ts';
import { faultOfNumber, faultOfTime, isPlainName, maxTags } from '../../../model/legal-point.ts';
import type { Tags } from '../../../model/point.ts';
import { seriesCache } from '../../series-cache.ts';
import { renderTags } from './point-text.ts';

/** Returns the array elements, comma-separated; undefined where a point is illegal or has no tags. */
type SeriesRenderer = (points: FactoredPoints) => string | undefined;

/** The text that all runs with the same cuts share, by cut. */
interface CutTexts {
  readonly names: readonly string[];
  /** The tags of each cut, without the closing brace. */
  readonly tags: readonly string[];
  readonly tagNames: ReadonlySet<string>;
  readonly maxTagCount: number;
  /** Of a cut's name and tags together. */
  readonly maxLength: number;
}

/** The text that all runs with the same cuts, stems and series tags share. */
interface SeriesTemplate {
  /** Run tags come last in every point. */
  readonly hasRunTags: boolean;
  /**
   * Without run tags: the text before the first tail, between each value and the next tail, and after the last value.
   * With run tags, two fragments a point: before its tail, and between its value and the run tags.
   */
  readonly fragments: readonly string[];
  /** The longest point of each series, without the run's own text. */
  readonly maxLengths: readonly number[];
  /** Tag names that a run may not use. */
  readonly reservedTagNames: ReadonlySet<string>;
  readonly maxTagCount: number;
  /** The last value of each series that passed the check, so that a repeated one is not checked again. */
  readonly lastLegalValues: string[];
}

const pointStart = '{"metric":"';

/** @param maxBytes - bound on a point's text */
export function seriesRenderer(maxBytes: number): SeriesRenderer {
  const templateOf = seriesCache(makeTemplate);
  return (points) => {
    if (points.series.length === 0 || points.cuts.cuts.length === 0) return '';
    const template = templateOf(points);
    return template && renderRun(template, points, maxBytes);
  };
}

/** Returns undefined where a cut is illegal, has no tag, or has a tag that would not come last. */
function renderCuts({ tags: shared, cuts }: Cuts): CutTexts | undefined {
  const sharedNames = Object.keys(shared);
  if (!sharedNames.every((name) => isPlainTag(name, shared[name]))) return undefined;
  const opened = `,"tags":{${renderTags(shared)}`;
  const comma = sharedNames.length === 0 ? '' : ',';
  const tagNames = new Set(sharedNames);
  const tags: string[] = [];
  let maxLength = 0;
  for (const [name, value] of cuts) {
    const isLegal =
      isPlainName(name) &&
      (value === undefined ? sharedNames.length > 0 : isPlainTag(name, value) && !Object.hasOwn(shared, name));
    if (!isLegal) return undefined;
    const text = value === undefined ? opened : `${opened}${comma}"${name}":"${value}"`;
    tags.push(text);
    maxLength = Math.max(maxLength, name.length + text.length);
    if (value !== undefined) tagNames.add(name);
  }
  const maxTagCount = sharedNames.length + (tagNames.size > sharedNames.length ? 1 : 0);
  return maxTagCount > maxTags
    ? undefined
    : { names: cuts.map(([name]) => name), tags, tagNames, maxTagCount, maxLength };
}

/** Integer-like names are excluded: a JavaScript object lists them before all others. */
function isPlainTag(name: string, value: string | undefined): boolean {
  return isPlainName(name) && !/^[0-9]/.test(name) && value !== undefined && isPlainName(value);
}

/** Returns undefined where a cut, a stem or a series tag is illegal. */
function makeTemplate({ cuts, series, tags: runTags }: FactoredPoints): SeriesTemplate | undefined {
  const texts = renderCuts(cuts);
  if (texts === undefined) return undefined;
  const { names, tags, maxLength, tagNames, maxTagCount } = texts;
  const hasRunTags = runTags !== undefined;
  const ends: string[] = [];
  const reservedTagNames = new Set(tagNames);
  let maxSeriesTags = 0;
  for (const one of series) {
    const end = isPartOfName(one.stem) ? renderMoreTags(one.tags ?? {}, tagNames) : undefined;
    const seriesTagNames = Object.keys(one.tags ?? {});
    if (end === undefined || maxTagCount + seriesTagNames.length > maxTags) return undefined;
    maxSeriesTags = Math.max(maxSeriesTags, seriesTagNames.length);
    for (const name of seriesTagNames) reservedTagNames.add(name);
    ends.push(end);
  }
  const starts = series.map(({ stem }) => `${pointStart}${stem}`);
  const fragments: string[] = [];
  let before: readonly string[] = [];
  for (let cut = 0; cut < names.length; cut += 1) {
    for (let one = 0; one < series.length; one += 1) {
      // Joined, not concatenated: V8 would keep the parts of a concatenation and traverse them in every run.
      fragments.push([...before, starts[one], names[cut]].join(''));
      const tagsOfPoint = [tags[cut] as string, ends[one] as string];
      if (hasRunTags) fragments.push(tagsOfPoint.join(''));
      before = hasRunTags ? [','] : [...tagsOfPoint, '}},'];
    }
  }
  if (!hasRunTags) fragments.push(before.join('').slice(0, -1));
  return {
    hasRunTags,
    fragments,
    reservedTagNames,
    maxTagCount: maxTagCount + maxSeriesTags,
    lastLegalValues: series.map(() => '0'),
    maxLengths: series.map(({ stem }, at) => pointStart.length + stem.length + maxLength + (ends[at] as string).length),
  };
}

/** Renders every series at every cut. A metric is legal where each of its parts is. */
function renderRun(
  template: SeriesTemplate,
  { timestamp, unit, tail, series, tags }: FactoredPoints,
  maxBytes: number,
): string | undefined {
  if (!isPartOfName(tail) || faultOfTime(timestamp, unit) !== undefined) return undefined;
  const { fragments, maxLengths, lastLegalValues } = template;
  const end = tags === undefined ? '}}' : renderRunTags(tags, template);
  if (end === undefined) return undefined;
  const shared = `${tail}","timestamp":${timestamp},"value":`;
  const middles: string[] = [];
  for (let at = 0; at < series.length; at += 1) {
    const { value } = series[at] as Series;
    if (value !== lastLegalValues[at] && faultOfNumber(value) !== undefined) return undefined;
    lastLegalValues[at] = value;
    if ((maxLengths[at] as number) + shared.length + value.length + end.length > maxBytes) return undefined;
    middles.push(shared + value);
  }
  return template.hasRunTags ? interleaveWithEnd(fragments, middles, end) : interleave(fragments, middles);
}

function interleave(fragments: readonly string[], middles: readonly string[]): string {
  let text = fragments[0] as string;
  for (let at = 1, one = 0; at < fragments.length; at += 1) {
    text += middles[one];
    text += fragments[at];
    one = one + 1 === middles.length ? 0 : one + 1;
  }
  return text;
}

function interleaveWithEnd(fragments: readonly string[], middles: readonly string[], end: string): string {
  let text = '';
  for (let at = 0, one = 0; at < fragments.length; at += 2) {
    text += fragments[at];
    text += middles[one];
    text += fragments[at + 1];
    text += end;
    one = one + 1 === middles.length ? 0 : one + 1;
  }
  return text;
}

/** Renders the run tags and the end of a point; undefined where a tag is illegal or there are too many. */
function renderRunTags(tags: Tags, { reservedTagNames, maxTagCount }: SeriesTemplate): string | undefined {
  const text = maxTagCount + Object.keys(tags).length > maxTags ? undefined : renderMoreTags(tags, reservedTagNames);
  return text === undefined ? undefined : `${text}}}`;
}

/** Renders tags with a comma before each; undefined where a name is illegal, integer-like or reserved. */
function renderMoreTags(tags: Tags, reservedNames: ReadonlySet<string>): string | undefined {
  let text = '';
  for (const name in tags) {
    const value = tags[name] as string;
    if (!isPlainTag(name, value) || reservedNames.has(name)) return undefined;
    text += `,"${name}":"${value}"`;
  }
  return text;
}

function isPartOfName(text: string): boolean {
  return text === '' || isPlainName(text);
}
