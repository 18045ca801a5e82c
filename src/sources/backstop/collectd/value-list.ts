// Reads a value list, collectd's unit of data: values of one type, read at one instant by one plugin on one host.

import { get, isObject } from '../../json-members.ts';
import { describe, Malformed, numberText } from '../json.ts';
import { parseSeconds } from '../timestamps.ts';

export type SourceKind = 'gauge' | 'derive' | 'counter' | 'absolute';

/** One value of a value list. */
export interface DataSource {
  /** Such as `rx`; `value` if there is only one. */
  readonly name: string;
  /** Final decimal text. Undefined if unknown: NaN, or the first value of a rate. */
  readonly value: string | undefined;
}

export interface ValueList {
  readonly host: string;
  readonly plugin: string;
  /** May be empty, and so may the type's. */
  readonly pluginInstance: string;
  readonly type: string;
  readonly typeInstance: string;
  /** ms since 1970 UTC */
  readonly timeMs: number;
  readonly sources: readonly DataSource[];
}

/**
 * Reads one element of the array that write_http posts with `Format "JSON"`.
 *
 * @throws Malformed
 */
export function valueListOf(element: unknown, nowMs: number): ValueList {
  if (!isObject(element)) throw new Malformed(`expected a value list, found ${describe(element)}`);
  const values = get(element, 'values');
  if (!Array.isArray(values) || values.length === 0) {
    throw new Malformed(`values: expected a list of numbers, found ${describe(values)}`);
  }
  const kinds = listOf(element, 'dstypes');
  const names = listOf(element, 'dsnames');
  return {
    host: requiredName(element, 'host'),
    plugin: requiredName(element, 'plugin'),
    pluginInstance: instanceOf(element, 'plugin_instance'),
    type: requiredName(element, 'type'),
    typeInstance: instanceOf(element, 'type_instance'),
    timeMs: parseSeconds('time', get(element, 'time'), nowMs),
    sources: values.map((value, index) => ({
      name: typeof names[index] === 'string' ? names[index] : sourceName(index, values.length),
      value: valueText(`values[${index}]`, value, kinds[index]),
    })),
  };
}

/** The name of a data source that the sender does not name. */
export function sourceName(index: number, count: number): string {
  return count === 1 ? 'value' : String(index);
}

/**
 * A gauge is a float whatever its digits. Other integers keep their text, so that 64-bit counters stay exact.
 * Integers outside OpenTSDB's signed 64 bits become floats. Undefined for NaN, infinity and `U`.
 *
 * @param kind - a SourceKind, or undefined if the sender gives none
 * @throws Malformed
 */
export function valueText(field: string, value: unknown, kind: unknown): string | undefined {
  if (value === null || (typeof value === 'string' && /^([+-]?(nan|inf(inity)?)|U)$/i.test(value))) return undefined;
  const text = numberText(value);
  if (text === undefined) throw new Malformed(`${field}: expected a number, found ${describe(value)}`);
  if (/[.eE]/.test(text)) return text.includes('.') ? text : text.replace(/[eE]/, '.0$&');
  const fits = text.length < 19 || BigInt.asIntN(64, BigInt(text)) === BigInt(text);
  return kind === 'gauge' || !fits ? `${text}.0` : text;
}

/** Names are not trimmed: spaces are legal in collectd's identifiers. */
function requiredName(element: unknown, name: string): string {
  const value = get(element, name);
  if (typeof value !== 'string' || value.trim() === '') {
    throw new Malformed(`${name}: expected a name, found ${describe(value)}`);
  }
  return value;
}

/** Senders other than collectd omit the key. */
function instanceOf(element: unknown, name: string): string {
  const value = get(element, name) ?? '';
  if (typeof value !== 'string') throw new Malformed(`${name}: expected text, found ${describe(value)}`);
  return value;
}

function listOf(element: unknown, name: string): readonly unknown[] {
  const list = get(element, name);
  return Array.isArray(list) ? list : [];
}
