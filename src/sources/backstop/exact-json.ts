// Reads JSON and forms that anybody may have sent, without rounding a number: 64-bit counters stand in collectd's JSON.

import { isLosslessNumber, parse } from 'lossless-json';

/** Something that is not what an endpoint takes: the whole body, or one item of it. The message is for the sender. */
export class Malformed extends Error {
  readonly status = 400;
  readonly expose = true;
  override readonly name = 'Malformed';
}

/**
 * The value of a JSON text. Numbers are kept as they are written; see numberText. Of a key that stands twice the last counts.
 *
 * @throws Malformed
 */
export function exactJson(text: string): unknown {
  try {
    return parse(text.replace(/^\ufeff/, ''), null, { onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    const words = error instanceof RangeError ? 'nested too deeply' : (error as Error).message;
    throw new Malformed(`body: JSON is required, found ${found(text.trim())} (${words.slice(0, 120)})`);
  }
}

/** The fields of a form, names such as `service[name]` as objects in objects. */
export function formFields(text: string): unknown {
  const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of new URLSearchParams(text)) {
    const [first = '', ...rest] = name.split(/\[|\]\[|\]/).filter((part, index) => index === 0 || part !== '');
    let inner = fields;
    let key = first;
    for (const next of rest.slice(0, 4)) {
      const present = inner[key];
      inner = (
        typeof present === 'object' && present !== null ? present : (inner[key] = Object.create(null))
      ) as Record<string, unknown>;
      key = next;
    }
    inner[key] = value;
  }
  return fields;
}

/** The value at the end of a path of member names; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (one, name) => (isObject(one) && Object.hasOwn(one, name) ? one[name] : undefined),
    value,
  );
}

/** What a table of ours has under a name that a sender has written, and not what every object has there. */
export function under<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Whether it is an object, and neither an array nor a number. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

/** A number as it was written, made a number literal of JSON; also from its decimal text. Undefined when it is none that is finite. */
export function numberText(value: unknown): string | undefined {
  const text = isLosslessNumber(value) ? value.value : typeof value === 'string' ? value.trim() : '';
  const [, sign, digits = '', fraction = '', exponent = ''] =
    /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(text) ?? [];
  if (digits + fraction === '' || text.length > 400 || !Number.isFinite(Number(text))) return undefined;
  return `${sign === '-' ? '-' : ''}${digits.replace(/^0+(?=\d)/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}${exponent}`;
}

/** Text that is not blank; a number is text, too. */
export function textOf(value: unknown): string | undefined {
  const text = isLosslessNumber(value) ? value.value : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

/** A value as it was found, short enough for a message. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isLosslessNumber(value)) return value.value.slice(0, 80);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}
