// Reads published metrics: a metric with value and time, or an array of them.

import type { DataPoint } from '../../model/point.ts';
import { valueText } from './collectd/value-list.ts';
import { type Item, item, pointOf, type ReadOptions } from './items.ts';
import { get, isObject } from '../json-members.ts';
import { describe, Malformed, requiredText, textOf } from './json.ts';
import { dottedPath, legalTags, metricName } from '../legal-name.ts';
import { parseSeconds } from './timestamps.ts';

/** The items of a body such as `{"metric":"bar","value":12345,"measure_time":1700000000}`. */
export function publishedItems(json: unknown, prefix: string, options: ReadOptions): Item[] {
  const read = (place: string, element: unknown): Item => ({
    ...item(place, () => [publishedPoint(element, prefix, options)]),
    runKey: runKeyOf(element, prefix),
  });
  if (options.naming === 'legacy') refuseTagsOfBridges(json);
  if (!Array.isArray(json)) return [read('body', json)];
  return json.map((element: unknown, index) => read(`[${index}]`, element));
}

/** No fault of an element: the bridge that sends waits until one of the two is configured otherwise. */
class TagsNotStored extends Malformed {
  override readonly status = 422;
}

/**
 * A bridge sends an id and tags. Names without their tags would make one series of many. Tags without an id are ignored,
 * as Backstop ignores them.
 */
function refuseTagsOfBridges(json: unknown): void {
  const elements: readonly unknown[] = Array.isArray(json) ? json : [json];
  const found = elements.find((element) => {
    const tags = get(element, 'tags');
    return typeof get(element, 'id') === 'string' && isObject(tags) && Object.keys(tags).length > 0;
  });
  if (found === undefined) return;
  const metric = describe(get(found, 'metric'));
  throw new TagsNotStored(
    `tags: expected names without tags, as --backstop-sink-names dotted sends them, since names are legacy here (--backstop-naming), found tags of ${metric}`,
  );
}

const maxIdLength = 200;

/**
 * An extension of Backstop's format: `"id":"…"`, the same in every element of a record. Undefined without an id. Backstop
 * ignores a member that it does not know, whatever its value, and so does the bridge where it is no text of this length.
 */
function runKeyOf(element: unknown, prefix: string): string | undefined {
  const id = get(element, 'id');
  return typeof id === 'string' && id !== '' && id.length <= maxIdLength ? `publish|${prefix}|${id}` : undefined;
}

function publishedPoint(element: unknown, prefix: string, options: ReadOptions): DataPoint {
  if (!isObject(element)) {
    throw new Malformed(`expected an object with metric, value and measure_time, found ${describe(element)}`);
  }
  const name = requiredText(element, 'a name', 'metric');
  const given = get(element, 'value');
  const value = valueText('value', given, undefined);
  if (value === undefined) throw new Malformed(`value: expected a number, found ${describe(given)}`);
  const timeMs = parseSeconds('measure_time', get(element, 'measure_time'), options.nowMs);
  const isLegacy = options.naming === 'legacy';
  const toName = isLegacy ? dottedPath : metricName;
  if (!/[^./]/.test(toName(name))) {
    throw new Malformed(`metric: expected a name with letters or digits, found ${describe(name)}`);
  }
  const tags = isLegacy ? {} : tagsOf(get(element, 'tags'));
  return pointOf({ metric: toName(prefix, toName(name)), value, timeMs, tags }, options);
}

const maxTags = 8;

/** An extension of Backstop's format: `"tags":{"dc":"east"}`. */
function tagsOf(tags: unknown): Record<string, string> {
  if (tags === undefined || tags === null) return {};
  if (!isObject(tags)) throw new Malformed(`tags: expected an object of texts, found ${describe(tags)}`);
  const legal = legalTags(Object.fromEntries(Object.entries(tags).map(([name, text]) => [name, textOf(text)])));
  const count = Object.keys(legal).length;
  if (count > maxTags) throw new Malformed(`tags: expected at most ${maxTags}, found ${count}`);
  return legal;
}
