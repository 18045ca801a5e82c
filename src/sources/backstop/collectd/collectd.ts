// Reads the bodies that collectd's write_http posts: value lists as JSON or PUTVAL lines, and notifications.

import type { DataPoint } from '../../../model/point.ts';
import { type Item, item, pointOf, type ReadOptions } from '../items.ts';
import { get, isObject } from '../../json-members.ts';
import { describe, Malformed, parseJson } from '../json.ts';
import type { DataSets } from './data-sets.ts';
import { legacyPaths } from './legacy-path.ts';
import { isNotification, notificationPoint } from './notification.ts';
import { isPutval, parsePutval } from './putval.ts';
import { taggedNames } from './tag-form.ts';
import { type ValueList, valueListOf } from './value-list.ts';

export interface CollectdOptions extends ReadOptions {
  readonly dataSets: DataSets;
}

/**
 * The items are the elements of a JSON array or the lines of the Command format.
 * A value that was unknown to collectd, such as NaN, has no point.
 *
 * @throws Malformed for any other body
 */
export function collectdItems(text: string, options: CollectdOptions): Item[] {
  if (isPutval(text)) {
    const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
    return lines.map((line, index) =>
      item(`line ${index + 1}`, () =>
        parsePutval(line, options.dataSets, options.nowMs).flatMap((list) => pointsOf(list, options)),
      ),
    );
  }
  const json = parseJson(text);
  const elements = isObject(json) && get(json, 'values') !== undefined ? [json] : json;
  if (!Array.isArray(elements)) {
    throw new Malformed(`body: expected an array of value lists, found ${describe(json)}`);
  }
  return elements.map((element: unknown, index) =>
    item(`[${index}]`, () =>
      isNotification(element)
        ? [notificationPoint(element, options)]
        : pointsOf(valueListOf(element, options.nowMs), options),
    ),
  );
}

function pointsOf(list: ValueList, options: ReadOptions): DataPoint[] {
  const names = options.naming === 'legacy' ? legacyPaths(list).map((metric) => ({ metric })) : taggedNames(list);
  return list.sources.flatMap(({ value }, index) => {
    const name = names[index];
    return value === undefined || name === undefined ? [] : [pointOf({ ...name, value, timeMs: list.timeMs }, options)];
  });
}
