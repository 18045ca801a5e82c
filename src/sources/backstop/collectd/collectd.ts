// What collectd's write_http posts: value lists as JSON or as PUTVAL lines, and notifications; each of them an item of its own.

import type { DataPoint } from '../../../model/point.ts';
import { at, exactJson, found, isObject, Malformed } from '../exact-json.ts';
import { type Item, item, pointOf, type ReadingOptions } from '../naming.ts';
import type { DataSets } from './data-sets.ts';
import { legacyPaths } from './legacy-path.ts';
import { isNotification, notificationPoint } from './notification.ts';
import { commandLines, isCommands, valueListsOf } from './putval.ts';
import { taggedNames } from './tag-form.ts';
import { type ValueList, valueListOf } from './value-list.ts';

export interface CollectdOptions extends ReadingOptions {
  readonly dataSets: DataSets;
}

/**
 * The items of a body: the elements of an array, or the lines of the Command format. A value that is not known, such as NaN, makes no
 * point.
 *
 * @throws Malformed for a body that is neither
 */
export function collectdItems(text: string, options: CollectdOptions): Item[] {
  if (isCommands(text)) {
    return commandLines(text).map((line, index) =>
      item(`line ${index + 1}`, () =>
        valueListsOf(line, options.dataSets, options).flatMap((list) => pointsOf(list, options)),
      ),
    );
  }
  const json = exactJson(text);
  const elements = isObject(json) && at(json, 'values') !== undefined ? [json] : json;
  if (!Array.isArray(elements)) throw new Malformed(`body: expected an array of value lists, found ${found(json)}`);
  return elements.map((element: unknown, index) =>
    item(`[${index}]`, () =>
      isNotification(element)
        ? [notificationPoint(element, options)]
        : pointsOf(valueListOf(element, options), options),
    ),
  );
}

function pointsOf(list: ValueList, options: ReadingOptions): DataPoint[] {
  const names = options.naming === 'legacy' ? legacyPaths(list).map((metric) => ({ metric })) : taggedNames(list);
  return list.sources.flatMap(({ value }, index) => {
    const name = names[index];
    return value === undefined || name === undefined ? [] : [pointOf({ ...name, value, timeMs: list.timeMs }, options)];
  });
}
