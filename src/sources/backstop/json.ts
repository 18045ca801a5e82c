// Parses JSON and form bodies of any sender. Numbers keep their text, since collectd's JSON carries 64-bit counters.

import { isLosslessNumber, parse } from 'lossless-json';
import { get } from '../json-members.ts';

/** A body, or one item of it, that an endpoint cannot read. The sender sees the message. */
export class Malformed extends Error {
  readonly status: number = 400;
  readonly expose = true;
  override readonly name = 'Malformed';
}

/**
 * Parses JSON. Numbers keep their text (see numberText). The last of duplicate keys counts.
 *
 * @throws Malformed
 */
export function parseJson(text: string): unknown {
  try {
    return parse(text.replace(/^\ufeff/, ''), null, { onDuplicateKey: ({ newValue }) => newValue });
  } catch (error) {
    const reason = error instanceof RangeError ? 'nested too deeply' : (error as Error).message;
    throw new Malformed(`body: JSON is required, found ${describe(text.trim())} (${reason.slice(0, 120)})`);
  }
}

/** Parses a form. Names such as `service[name]` become nested objects. */
export function parseForm(text: string): unknown {
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

/** Looks up a name given by a sender, without the members that every object inherits. */
export function lookup<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The JSON literal of a number or of its decimal text. Undefined for anything else, infinities included. */
export function numberText(value: unknown): string | undefined {
  const text = isLosslessNumber(value) ? value.value : typeof value === 'string' ? value.trim() : '';
  const [, sign, digits = '', fraction = '', exponent = ''] =
    /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(text) ?? [];
  if (digits + fraction === '' || text.length > 400 || !Number.isFinite(Number(text))) return undefined;
  return `${sign === '-' ? '-' : ''}${digits.replace(/^0+(?=\d)/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}${exponent}`;
}

/** A string or the text of a number, trimmed. Undefined if it is blank. */
export function textOf(value: unknown): string | undefined {
  const text = isLosslessNumber(value) ? value.value : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

/**
 * The text at a path.
 *
 * @param expected - the noun of the error message, such as `a name`
 * @throws Malformed
 */
export function requiredText(value: unknown, expected: string, ...path: readonly string[]): string {
  const given = get(value, ...path);
  const text = textOf(given);
  if (text === undefined) throw new Malformed(`${path.join('.')}: expected ${expected}, found ${describe(given)}`);
  return text;
}

/** A value for an error message, at most 80 characters. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isLosslessNumber(value)) return value.value.slice(0, 80);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}
