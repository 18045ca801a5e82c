// What is published under a prefix: a metric with its value and time, or an array of them.

import type { DataPoint } from '../../model/point.ts';
import { at, exactJson, found, isObject, Malformed, textOf } from './exact-json.ts';
import { dottedPath, legalTags, metricName } from './legal-name.ts';
import { msOfSeconds } from './moment.ts';
import { type Item, item, pointOf, type ReadingOptions } from './naming.ts';
import { valueText } from './collectd/value-list.ts';

/** A prefix that is none of those configured. */
class UnknownPrefix extends Error {
  readonly status = 404;
  readonly expose = true;
  override readonly name = 'UnknownPrefix';
}

export interface PublishOptions extends ReadingOptions {
  readonly prefixes: readonly string[];
}

/**
 * The items of a body such as `{"metric":"bar","value":12345,"measure_time":1700000000}`.
 *
 * @throws Malformed for what is no JSON, and only then UnknownPrefix
 */
export function publishedItems(text: string, prefix: string, options: PublishOptions): Item[] {
  const json = exactJson(text);
  if (!options.prefixes.includes(prefix))
    throw new UnknownPrefix(`unknown prefix: expected one of PREFIXES, found ${found(prefix)}`);
  if (!Array.isArray(json)) return [item('body', () => [published(json, prefix, options)])];
  return json.map((element: unknown, index) => item(`[${index}]`, () => [published(element, prefix, options)]));
}

function published(element: unknown, prefix: string, options: ReadingOptions): DataPoint {
  if (!isObject(element))
    throw new Malformed(`expected an object with metric, value and measure_time, found ${found(element)}`);
  const name = textOf(at(element, 'metric'));
  if (name === undefined) throw new Malformed(`metric: expected a name, found ${found(at(element, 'metric'))}`);
  const given = at(element, 'value');
  const value = valueText('value', given, undefined);
  if (value === undefined) throw new Malformed(`value: expected a number, found ${found(given)}`);
  const timeMs = msOfSeconds('measure_time', at(element, 'measure_time'), options);
  const isLegacy = options.naming === 'legacy';
  const own = isLegacy ? dottedPath(name) : metricName(name);
  if (!/[^./]/.test(own)) throw new Malformed(`metric: expected a name with letters or digits, found ${found(name)}`);
  const metric = isLegacy ? dottedPath(prefix, own) : metricName(prefix, own);
  return pointOf({ metric, value, timeMs, ...(!isLegacy && { tags: tagsOf(at(element, 'tags')) }) }, options);
}

const maxTags = 8;

/** Beyond Backstop: `"tags":{"dc":"east"}`. */
function tagsOf(tags: unknown): Record<string, string> {
  if (tags === undefined || tags === null) return {};
  if (!isObject(tags)) throw new Malformed(`tags: expected an object of texts, found ${found(tags)}`);
  const legal = legalTags(Object.fromEntries(Object.entries(tags).map(([name, text]) => [name, textOf(text)])));
  const count = Object.keys(legal).length;
  if (count > maxTags) throw new Malformed(`tags: expected at most ${maxTags}, found ${count}`);
  return legal;
}
