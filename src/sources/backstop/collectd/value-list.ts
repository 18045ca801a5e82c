// A value list, collectd's unit of data: some values of one type, read at one instant by one plugin on one host.

import { at, found, isObject, Malformed, numberText } from '../exact-json.ts';
import { type Calendar, msOfSeconds } from '../moment.ts';

/** What the numbers of a data source are; undefined where the sender does not say. */
export type SourceKind = 'gauge' | 'derive' | 'counter' | 'absolute';

/** One value of a value list. */
export interface DataSource {
  /** Such as `rx`; `value` where there is only one. */
  readonly name: string;
  /** The final decimal text; undefined: not known at the time (NaN, or the first of a rate). */
  readonly value: string | undefined;
}

export interface ValueList {
  readonly host: string;
  readonly plugin: string;
  /** Empty: none. So is the type's. */
  readonly pluginInstance: string;
  readonly type: string;
  readonly typeInstance: string;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  readonly sources: readonly DataSource[];
}

/**
 * One element of what write_http posts with `Format "JSON"`.
 *
 * @throws Malformed that names the field and the value
 */
export function valueListOf(item: unknown, calendar: Calendar): ValueList {
  if (!isObject(item)) throw new Malformed(`expected a value list, found ${found(item)}`);
  const values = at(item, 'values');
  if (!Array.isArray(values) || values.length === 0)
    throw new Malformed(`values: expected a list of numbers, found ${found(values)}`);
  const kinds = listOf(item, 'dstypes');
  const names = listOf(item, 'dsnames');
  return {
    host: required(item, 'host'),
    plugin: required(item, 'plugin'),
    pluginInstance: instance(item, 'plugin_instance'),
    type: required(item, 'type'),
    typeInstance: instance(item, 'type_instance'),
    timeMs: msOfSeconds('time', at(item, 'time'), calendar),
    sources: values.map((value, index) => ({
      name: typeof names[index] === 'string' ? names[index] : sourceName(index, values.length),
      value: valueText(`values[${index}]`, value, kindOf(kinds[index])),
    })),
  };
}

/** The name of a data source of which none is given. */
export function sourceName(index: number, count: number): string {
  return count === 1 ? 'value' : String(index);
}

/**
 * The text of a value: a gauge is a float whatever its digits, everything else is written as it came, so that 64-bit counters keep
 * their value; those above the signed 64 bits that OpenTSDB has become floats.
 *
 * @throws Malformed
 */
export function valueText(field: string, value: unknown, kind: SourceKind | undefined): string | undefined {
  if (value === null || (typeof value === 'string' && /^([+-]?(nan|inf(inity)?)|U)$/i.test(value))) return undefined;
  const text = numberText(value);
  if (text === undefined) throw new Malformed(`${field}: expected a number, found ${found(value)}`);
  if (/[.eE]/.test(text)) return text.includes('.') ? text : text.replace(/[eE]/, '.0$&');
  const fits = text.length < 19 || BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  return kind === 'gauge' || !fits ? `${text}.0` : text;
}

function required(item: unknown, name: string): string {
  const value = at(item, name);
  if (typeof value !== 'string' || value.trim() === '')
    throw new Malformed(`${name}: expected a name, found ${found(value)}`);
  return value;
}

/** Senders other than collectd leave the key out. */
function instance(item: unknown, name: string): string {
  const value = at(item, name) ?? '';
  if (typeof value !== 'string') throw new Malformed(`${name}: expected text, found ${found(value)}`);
  return value;
}

function listOf(item: unknown, name: string): readonly unknown[] {
  const list = at(item, name);
  return Array.isArray(list) ? list : [];
}

function kindOf(name: unknown): SourceKind | undefined {
  return name === 'gauge' || name === 'derive' || name === 'counter' || name === 'absolute' ? name : undefined;
}
