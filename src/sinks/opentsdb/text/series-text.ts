// The text of factored points for /api/put: what a node's cuts say in every run is judged and put together once, and only what a run
// says by itself is set between. Byte for byte what renderJson makes of the points themselves.

import type { Cuts, FactoredPoints, Series } from '../../../model/factored-points.ts';
import { faultOfNumber, faultOfTime, isPlainName, maxTags } from '../../../model/legal-point.ts';
import type { Tags } from '../../../model/point.ts';
import { seriesCache } from '../../series-cache.ts';
import { renderTags } from './point-text.ts';

/** Their elements of the array, with commas between them; undefined where a point is not usual: illegal, or without tags. */
export type SeriesRenderer = (points: FactoredPoints) => string | undefined;

/** What the points of all runs with these cuts have in common, cut by cut. */
interface CutTexts {
  readonly names: readonly string[];
  /** The tags of each cut, without the end of the object. */
  readonly tags: readonly string[];
  readonly tagNames: ReadonlySet<string>;
  /** Of the cut that has most. */
  readonly tagCount: number;
  /** Of the cut whose name and tags are longest. */
  readonly length: number;
}

/** What runs have in common that have the same cuts, stems and tags of series. */
interface Form {
  /** Whether the run has tags for all its points, which stand last in each. */
  readonly isTagged: boolean;
  /**
   * What stands before the first tail, from each value to the next tail, and behind the last value. Where the run has tags, two pieces
   * for each point: before its tail, and from its value to the tags of the run.
   */
  readonly pieces: readonly string[];
  /** Of the longest point of each series, without what the run says. */
  readonly lengths: readonly number[];
  /** Names that the tags of the run must not have, and how many tags the point has that has most. */
  readonly taken: ReadonlySet<string>;
  readonly tagCount: number;
  /** The value of each series that was found legal last. */
  readonly legal: string[];
}

const start = '{"metric":"';

/** @param maxBytes - bound on a point's text */
export function seriesRenderer(maxBytes: number): SeriesRenderer {
  const formOf = seriesCache(newForm);
  return (points) => {
    if (points.series.length === 0 || points.cuts.cuts.length === 0) return '';
    const form = formOf(points);
    return form && filled(form, points, maxBytes);
  };
}

/** Undefined where a cut is illegal, has no tag, or has one that does not stand at the end. */
function cutTexts({ tags: shared, cuts }: Cuts): CutTexts | undefined {
  const sharedNames = Object.keys(shared);
  if (!sharedNames.every((name) => isPlainTag(name, shared[name]))) return undefined;
  const opened = `,"tags":{${renderTags(shared)}`;
  const comma = sharedNames.length === 0 ? '' : ',';
  const tagNames = new Set(sharedNames);
  const tags: string[] = [];
  let length = 0;
  for (const [name, value] of cuts) {
    const isLegal =
      isPlainName(name) &&
      (value === undefined ? sharedNames.length > 0 : isPlainTag(name, value) && !Object.hasOwn(shared, name));
    if (!isLegal) return undefined;
    const text = value === undefined ? opened : `${opened}${comma}"${name}":"${value}"`;
    tags.push(text);
    length = Math.max(length, name.length + text.length);
    if (value !== undefined) tagNames.add(name);
  }
  const tagCount = sharedNames.length + (tagNames.size > sharedNames.length ? 1 : 0);
  return tagCount > maxTags ? undefined : { names: cuts.map(([name]) => name), tags, tagNames, tagCount, length };
}

/** Legal, and no number: those stand before other names in an object. */
function isPlainTag(name: string, value: string | undefined): boolean {
  return isPlainName(name) && !/^[0-9]/.test(name) && value !== undefined && isPlainName(value);
}

/** Undefined where a cut, a stem or a tag of a series is illegal. */
function newForm({ cuts, series, tags: ofRun }: FactoredPoints): Form | undefined {
  const texts = cutTexts(cuts);
  if (texts === undefined) return undefined;
  const { names, tags, length, tagNames, tagCount } = texts;
  const isTagged = ofRun !== undefined;
  const ends: string[] = [];
  const taken = new Set(tagNames);
  let mostOwn = 0;
  for (const one of series) {
    const end = isPartOfName(one.stem) ? tagsText(one.tags ?? {}, tagNames) : undefined;
    const own = Object.keys(one.tags ?? {});
    if (end === undefined || tagCount + own.length > maxTags) return undefined;
    mostOwn = Math.max(mostOwn, own.length);
    for (const name of own) taken.add(name);
    ends.push(end);
  }
  const opened = series.map(({ stem }) => `${start}${stem}`);
  const pieces: string[] = [];
  let before: readonly string[] = [];
  for (let cut = 0; cut < names.length; cut += 1) {
    for (let one = 0; one < series.length; one += 1) {
      // Joined, and not added: V8 keeps a text that was added up as its parts, and would go through them in every run.
      pieces.push([...before, opened[one], names[cut]].join(''));
      const tagsOfPoint = [tags[cut] as string, ends[one] as string];
      if (isTagged) pieces.push(tagsOfPoint.join(''));
      before = isTagged ? [','] : [...tagsOfPoint, '}},'];
    }
  }
  if (!isTagged) pieces.push(before.join('').slice(0, -1));
  return {
    isTagged,
    pieces,
    taken,
    tagCount: tagCount + mostOwn,
    legal: series.map(() => '0'),
    lengths: series.map(({ stem }, at) => start.length + stem.length + length + (ends[at] as string).length),
  };
}

/** Every series at every cut. A metric is legal where each of its parts is. */
function filled(
  form: Form,
  { timestamp, unit, tail, series, tags }: FactoredPoints,
  maxBytes: number,
): string | undefined {
  if (!isPartOfName(tail) || faultOfTime(timestamp, unit) !== undefined) return undefined;
  const { pieces, lengths, legal } = form;
  const end = tags === undefined ? '}}' : endOf(tags, form);
  if (end === undefined) return undefined;
  const shared = `${tail}","timestamp":${timestamp},"value":`;
  const middles: string[] = [];
  for (let at = 0; at < series.length; at += 1) {
    const { value } = series[at] as Series;
    if (value !== legal[at] && faultOfNumber(value) !== undefined) return undefined;
    legal[at] = value;
    if ((lengths[at] as number) + shared.length + value.length + end.length > maxBytes) return undefined;
    middles.push(shared + value);
  }
  return form.isTagged ? tagged(pieces, middles, end) : between(pieces, middles);
}

function between(pieces: readonly string[], middles: readonly string[]): string {
  let text = pieces[0] as string;
  for (let at = 1, one = 0; at < pieces.length; at += 1) {
    text += middles[one];
    text += pieces[at];
    one = one + 1 === middles.length ? 0 : one + 1;
  }
  return text;
}

function tagged(pieces: readonly string[], middles: readonly string[], end: string): string {
  let text = '';
  for (let at = 0, one = 0; at < pieces.length; at += 2) {
    text += pieces[at];
    text += middles[one];
    text += pieces[at + 1];
    text += end;
    one = one + 1 === middles.length ? 0 : one + 1;
  }
  return text;
}

/** The tags of a run and the end of a point; undefined where one is illegal, or they are too many. */
function endOf(tags: Tags, { taken, tagCount }: Form): string | undefined {
  const text = tagCount + Object.keys(tags).length > maxTags ? undefined : tagsText(tags, taken);
  return text === undefined ? undefined : `${text}}}`;
}

/** Each behind a comma; undefined where a name is illegal, is one of those that are taken, or is a number, which stands before others. */
function tagsText(tags: Tags, taken: ReadonlySet<string>): string | undefined {
  let text = '';
  for (const name in tags) {
    const value = tags[name] as string;
    if (!isPlainTag(name, value) || taken.has(name)) return undefined;
    text += `,"${name}":"${value}"`;
  }
  return text;
}

function isPartOfName(text: string): boolean {
  return text === '' || isPlainName(text);
}
