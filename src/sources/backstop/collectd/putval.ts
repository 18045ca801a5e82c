// Reads collectd's Command format, write_http's own default: a PUTVAL line for each value list.

import { Malformed } from '../exact-json.ts';
import { type Calendar, msOfSeconds } from '../moment.ts';
import type { DataSets } from './data-sets.ts';
import { sourceName, type ValueList, valueText } from './value-list.ts';

/** Whether a body is in the Command format. */
export function isCommands(text: string): boolean {
  return /^\s*PUT(VAL|NOTIF)\s/i.test(text);
}

/** The lines of a body that are not empty. */
export function commandLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
}

/**
 * The value lists of a line such as `PUTVAL web1/interface-lo/if_octets interval=10.000 1795217974.210:0:0`, for as many times as
 * stand in it. Names that hold spaces are quoted, as collectd's escape_string does.
 *
 * @throws Malformed
 */
export function valueListsOf(line: string, dataSets: DataSets, calendar: Calendar): ValueList[] {
  const [command, identifier, ...rest] = wordsOf(line);
  if (command?.toUpperCase() !== 'PUTVAL')
    throw new Malformed(`expected PUTVAL, found ${JSON.stringify(line.slice(0, 80))}`);
  const [, host, plugin, pluginInstance = '', type, typeInstance = ''] =
    /^([^/]+)\/([^/-]+)(?:-([^/]*))?\/([^/-]+)(?:-(.*))?$/s.exec(identifier ?? '') ?? [];
  if (host === undefined || plugin === undefined || type === undefined) {
    throw new Malformed(
      `identifier: expected host/plugin[-instance]/type[-instance], found ${JSON.stringify(identifier?.slice(0, 80) ?? '')}`,
    );
  }
  const readings = rest.filter((word) => !/^[a-z]\w*=/i.test(word));
  if (readings.length === 0)
    throw new Malformed(`values: expected time:value, found nothing behind ${JSON.stringify(identifier)}`);
  return readings.map((reading) => {
    const [time = '', ...values] = reading.split(':');
    if (values.length === 0)
      throw new Malformed(`values: expected time:value, found ${JSON.stringify(reading.slice(0, 80))}`);
    const specs = dataSets.get(type);
    const known = specs?.length === values.length ? specs : undefined;
    return {
      host,
      plugin,
      pluginInstance,
      type,
      typeInstance,
      timeMs: time === 'N' ? calendar.nowMs : msOfSeconds('time', time, calendar),
      sources: values.map((value, index) => ({
        name: known?.[index]?.name ?? sourceName(index, values.length),
        value: valueText(`values[${index}]`, value, known?.[index]?.kind),
      })),
    };
  });
}

/** Words between spaces, or between quotes within which a backslash takes the next character as it is. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g)];
  return words.map(([, quoted, plain]) => plain ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
}
