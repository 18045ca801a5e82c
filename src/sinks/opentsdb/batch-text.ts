// The text of a batch for /api/put, made of its deliveries as they are: what a node's cuts say in every run is made once, and is
// judged once. Byte for byte what renderJson makes of the points themselves.

import { type Cuts, type FactoredPoints, isFactored, type Points } from '../../factored-points.ts';
import { faultOf, faultOfNumber, faultOfTime, isPlainName, maxTags } from '../../legal-point.ts';
import type { DataPoint, Tags } from '../../point.ts';
import { renderJson, renderTags } from './point-text.ts';

/** The elements of the array, with commas between them; undefined where a point is not usual: illegal, without tags, or with an annotation. */
export type BatchRenderer = (deliveries: readonly Points[]) => string | undefined;

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

/** @param maxBytes - bound on a point's text */
export function batchRenderer(maxBytes: number): BatchRenderer {
  const known = new WeakMap<Cuts, CutTexts | 'unusual'>();

  function cutTextsOf(cuts: Cuts): CutTexts | 'unusual' {
    const found = known.get(cuts);
    if (found !== undefined) return found;
    const made = cutTexts(cuts) ?? 'unusual';
    known.set(cuts, made);
    return made;
  }

  function delivery(points: FactoredPoints): string | undefined {
    if (points.series.length === 0 || points.cuts.cuts.length === 0) return '';
    const texts = cutTextsOf(points.cuts);
    return texts === 'unusual' ? undefined : seriesText(points, texts, maxBytes);
  }

  return (deliveries) => {
    let all = '';
    for (const points of deliveries) {
      const text = isFactored(points) ? delivery(points) : '';
      const others = pointsText(isFactored(points) ? points.rest : points, maxBytes);
      if (text === undefined || others === undefined) return undefined;
      if (text !== '') all += all === '' ? text : `,${text}`;
      if (others !== '') all += all === '' ? others : `,${others}`;
    }
    return all;
  };
}

/** Undefined where a cut is illegal, has no tag, or has one that does not stand at the end. */
function cutTexts({ tags: shared, cuts }: Cuts): CutTexts | undefined {
  const sharedNames = Object.keys(shared);
  if (!sharedNames.every((name) => isPlainTag(name, shared[name]))) return undefined;
  // Joined, and not a template: V8 keeps a text that was put together as its parts, and would go through them in every batch.
  const opened = [',"tags":{', renderTags(shared)].join('');
  const comma = sharedNames.length === 0 ? '' : ',';
  const tagNames = new Set(sharedNames);
  const tags: string[] = [];
  let length = 0;
  for (const [name, value] of cuts) {
    const isLegal = isPlainName(name) && (value === undefined ? sharedNames.length > 0 : isPlainTag(name, value) && !Object.hasOwn(shared, name));
    if (!isLegal) return undefined;
    const text = value === undefined ? opened : [opened, comma, '"', name, '":"', value, '"'].join('');
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

/** Every series at every cut. A metric is legal where each of its parts is. */
function seriesText({ timestamp, unit, tail, series, tags }: FactoredPoints, texts: CutTexts, maxBytes: number): string | undefined {
  if (!isPartOfName(tail) || faultOfTime(timestamp, unit) !== undefined) return undefined;
  const shared = [tail, '","timestamp":', timestamp, ',"value":'].join('');
  const middles: string[] = [];
  const ends: string[] = [];
  for (const one of series) {
    if (!isPartOfName(one.stem) || faultOfNumber(one.value) !== undefined) return undefined;
    const own = endText(one.tags, tags, texts);
    if (own === undefined) return undefined;
    // Joined for the same reason as the tags of cuts.
    const middle = [shared, one.value].join('');
    if (start.length + one.stem.length + texts.length + middle.length + own.length > maxBytes) return undefined;
    middles.push(middle);
    ends.push(own);
  }
  const opened = series.map(({ stem }) => `${start}${stem}`);
  /** From the tags of a cut in one series to the name of a cut in the next. */
  const between = ends.map((end, at) => `${end},${opened[at + 1] ?? opened[0]}`);
  const { names, tags: cutTags } = texts;
  let text = opened[0] as string;
  for (let cut = 0; cut < names.length; cut += 1) {
    for (let one = 0; one < middles.length; one += 1) {
      if (cut + one > 0) text += between[one === 0 ? middles.length - 1 : one - 1];
      text += names[cut];
      text += middles[one];
      text += cutTags[cut];
    }
  }
  return text + ends.at(-1);
}

const start = '{"metric":"';

/** Undefined where a name is illegal, is one of the cuts' too, or is a number, which stands before others. */
function endText(ofSeries: Tags | undefined, ofAll: Tags | undefined, { tagNames, tagCount }: CutTexts): string | undefined {
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

/** Points that are not factored. */
function pointsText(points: readonly DataPoint[], maxBytes: number): string | undefined {
  let text = '';
  for (const point of points) {
    if (point.annotation !== undefined || point.only !== undefined || faultOf(point) !== undefined) return undefined;
    const one = renderJson(point);
    if (one.length > maxBytes) return undefined;
    text += text === '' ? one : `,${one}`;
  }
  return text;
}

function isPartOfName(text: string): boolean {
  return text === '' || isPlainName(text);
}
