// Parses collectd's Command format, the default of write_http: a PUTVAL line per value list.

import { Malformed } from '../json.ts';
import { parseSeconds } from '../timestamps.ts';
import type { DataSets } from './data-sets.ts';
import { sourceName, type ValueList, valueText } from './value-list.ts';

/** Tells a body in the Command format from JSON. */
export function isPutval(text: string): boolean {
  return /^\s*PUT(VAL|NOTIF)\s/i.test(text);
}

/**
 * Parses a line such as `PUTVAL web1/interface-lo/if_octets interval=10.000 1795217974.210:0:0`.
 * A line may carry values of several times, each of which is a value list.
 *
 * @throws Malformed
 */
export function parsePutval(line: string, dataSets: DataSets, nowMs: number): ValueList[] {
  const [command, identifier = '', ...rest] = tokens(line);
  if (command?.toUpperCase() !== 'PUTVAL') throw new Malformed(`expected PUTVAL, found ${quoted(line)}`);
  const [, host, plugin, pluginInstance = '', type, typeInstance = ''] =
    /^([^/]+)\/([^/-]+)(?:-([^/]*))?\/([^/-]+)(?:-(.*))?$/s.exec(identifier) ?? [];
  if (host === undefined || plugin === undefined || type === undefined) {
    throw new Malformed(`identifier: expected host/plugin[-instance]/type[-instance], found ${quoted(identifier)}`);
  }
  const readings = rest.filter((token) => !/^[a-z]\w*=/i.test(token));
  if (readings.length === 0) {
    throw new Malformed(`values: expected time:value, found nothing behind ${JSON.stringify(identifier)}`);
  }
  return readings.map((reading) => {
    const [time = '', ...values] = reading.split(':');
    if (values.length === 0) throw new Malformed(`values: expected time:value, found ${quoted(reading)}`);
    const specs = dataSets.get(type);
    const known = specs?.length === values.length ? specs : undefined;
    return {
      host,
      plugin,
      pluginInstance,
      type,
      typeInstance,
      timeMs: time === 'N' ? nowMs : parseSeconds('time', time, nowMs),
      sources: values.map((value, index) => ({
        name: known?.[index]?.name ?? sourceName(index, values.length),
        value: valueText(`values[${index}]`, value, known?.[index]?.kind),
      })),
    };
  });
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/** Splits at spaces outside quotes. Within quotes a backslash escapes the next character, as in collectd's escape_string. */
function tokens(line: string): string[] {
  const matches = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s"]+)/g)];
  return matches.map(([, inQuotes, plain]) => plain ?? (inQuotes ?? '').replace(/\\(.)/g, '$1'));
}
