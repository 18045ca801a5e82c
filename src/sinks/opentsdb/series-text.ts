// The text of factored points for /api/put: what a node's cuts say in every run is judged and put together once, and only what a run
// says by itself is set between. Byte for byte what renderJson makes of the points themselves.

import type { Cuts, FactoredPoints, Series } from '../../factored-points.ts';
import { faultOfNumber, faultOfTime, isPlainName, maxTags } from '../../legal-point.ts';
import type { Tags } from '../../point.ts';
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
  /** Those of these cuts that are remembered. */
  forms: Form[];
}

/** What runs have in common that have the same cuts, stems and tags. */
interface Form {
  readonly stems: readonly string[];
  readonly tags: readonly (Tags | undefined)[];
  /** What stands before the first tail, from each value to the next tail, and behind the last value. */
  readonly pieces: readonly string[];
  /** Of the longest point of each series, without what the run says. */
  readonly lengths: readonly number[];
  /** The value of each series that was found legal last. */
  readonly legal: string[];
}

/** How many forms are remembered; each takes about a kilobyte. */
const maxKnownForms = 20_000;
const start = '{"metric":"';

/** @param maxBytes - bound on a point's text */
export function seriesRenderer(maxBytes: number): SeriesRenderer {
  let known = new WeakMap<Cuts, CutTexts | 'unusual'>();
  let knownForms = 0;

  function cutTextsOf(cuts: Cuts): CutTexts | 'unusual' {
    const found = known.get(cuts);
    if (found !== undefined) return found;
    const made = cutTexts(cuts) ?? 'unusual';
    known.set(cuts, made);
    return made;
  }

  /** Tags of all series are another run's or test's as a rule: such forms are not remembered. */
  function formOf(texts: CutTexts, { series, tags }: FactoredPoints): Form | undefined {
    if (tags !== undefined) return newForm(series, tags, texts);
    const found = texts.forms.find((form) => isOf(form, series));
    if (found !== undefined) return found;
    const made = newForm(series, undefined, texts);
    if (made === undefined) return undefined;
    knownForms += 1;
    if (knownForms > maxKnownForms) [known, knownForms] = [new WeakMap(), 0];
    else texts.forms.push(made);
    return made;
  }

  return (points) => {
    if (points.series.length === 0 || points.cuts.cuts.length === 0) return '';
    const texts = cutTextsOf(points.cuts);
    const form = texts === 'unusual' ? undefined : formOf(texts, points);
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
    const isLegal = isPlainName(name) && (value === undefined ? sharedNames.length > 0 : isPlainTag(name, value) && !Object.hasOwn(shared, name));
    if (!isLegal) return undefined;
    const text = value === undefined ? opened : `${opened}${comma}"${name}":"${value}"`;
    tags.push(text);
    length = Math.max(length, name.length + text.length);
    if (value !== undefined) tagNames.add(name);
  }
  const tagCount = sharedNames.length + (tagNames.size > sharedNames.length ? 1 : 0);
  return tagCount > maxTags ? undefined : { names: cuts.map(([name]) => name), tags, tagNames, tagCount, length, forms: [] };
}

/** Legal, and no number: those stand before other names in an object. */
function isPlainTag(name: string, value: string | undefined): boolean {
  return isPlainName(name) && !/^[0-9]/.test(name) && value !== undefined && isPlainName(value);
}

/** A decoder has the same tags come out as the same object. */
function isOf({ stems, tags }: Form, series: readonly Series[]): boolean {
  if (stems.length !== series.length) return false;
  for (let at = 0; at < series.length; at += 1) {
    const one = series[at] as Series;
    if (one.stem !== stems[at] || one.tags !== tags[at]) return false;
  }
  return true;
}

/** Undefined where a stem or a tag is illegal. */
function newForm(series: readonly Series[], ofAll: Tags | undefined, { names, tags, length, ...texts }: CutTexts): Form | undefined {
  const ends: string[] = [];
  for (const one of series) {
    const end = isPartOfName(one.stem) ? endText(one.tags, ofAll, texts) : undefined;
    if (end === undefined) return undefined;
    ends.push(end);
  }
  const pieces: string[] = [];
  let before: readonly string[] = [];
  for (let cut = 0; cut < names.length; cut += 1) {
    for (let one = 0; one < series.length; one += 1) {
      // Joined, and not added: V8 keeps a text that was added up as its parts, and would go through them in every run.
      pieces.push([...before, start, (series[one] as Series).stem, names[cut]].join(''));
      before = [tags[cut] as string, ends[one] as string, ','];
    }
  }
  pieces.push(before.slice(0, -1).join(''));
  return {
    ...{ stems: series.map(({ stem }) => stem), tags: series.map((one) => one.tags), pieces, legal: series.map(() => '0') },
    lengths: series.map(({ stem }, at) => start.length + stem.length + length + (ends[at] as string).length),
  };
}

/** Every series at every cut. A metric is legal where each of its parts is. */
function filled({ pieces, lengths, legal }: Form, { timestamp, unit, tail, series }: FactoredPoints, maxBytes: number): string | undefined {
  if (!isPartOfName(tail) || faultOfTime(timestamp, unit) !== undefined) return undefined;
  const shared = `${tail}","timestamp":${timestamp},"value":`;
  const middles: string[] = [];
  for (let at = 0; at < series.length; at += 1) {
    const { value } = series[at] as Series;
    if (value !== legal[at] && faultOfNumber(value) !== undefined) return undefined;
    legal[at] = value;
    if ((lengths[at] as number) + shared.length + value.length > maxBytes) return undefined;
    middles.push(shared + value);
  }
  let text = pieces[0] as string;
  for (let at = 1, one = 0; at < pieces.length; at += 1) {
    text += middles[one];
    text += pieces[at];
    one = one + 1 === middles.length ? 0 : one + 1;
  }
  return text;
}

/** Undefined where a name is illegal, is one of the cuts' too, or is a number, which stands before others. */
function endText(ofSeries: Tags | undefined, ofAll: Tags | undefined, { tagNames, tagCount }: Pick<CutTexts, 'tagNames' | 'tagCount'>): string | undefined {
  if (ofSeries === undefined && ofAll === undefined) return '}}';
  const tags: Tags = { ...ofSeries, ...ofAll };
  let text = '';
  let count = tagCount;
  for (const name in tags) {
    const value = tags[name] as string;
    if (!isPlainTag(name, value) || tagNames.has(name)) return undefined;
    text += `,"${name}":"${value}"`;
    count += 1;
  }
  return count > maxTags ? undefined : `${text}}}`;
}

function isPartOfName(text: string): boolean {
  return text === '' || isPlainName(text);
}
