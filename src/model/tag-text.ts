// Converts any text to a legal tag value.

import { createRequire } from 'node:module';
import type * as AnyAscii from 'any-ascii';

/** A put line holds 1024 bytes. */
const maxLength = 200;

/**
 * Reduces a text to the characters that OpenTSDB keeps apart: `A-Z a-z 0-9 . _ / -`. Undefined if none is left.
 *
 * OpenTSDB accepts other letters but stores them as Latin-1, so that two Chinese names become one series (UniqueId).
 * So accents and other scripts are transliterated. A run of spaces becomes one `_` for each space, as the original
 * bridge wrote it. A run with any other illegal character becomes one `_`. Leading and trailing `_` are removed.
 */
export function legalTagText(text: string): string | undefined {
  const legal = transliterated(text)
    .replace(/[^A-Za-z0-9._/-]+/g, (run) => (/^ +$/.test(run) ? '_'.repeat(run.length) : '_'))
    .slice(0, maxLength)
    .replace(/^_+|_+$/g, '');
  return legal === '' ? undefined : legal;
}

let anyAscii: ((text: string) => string) | undefined;

/** Most texts are ASCII. The tables of any-ascii are loaded with the first text that is not. */
function transliterated(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  anyAscii ??= (createRequire(import.meta.url)('any-ascii') as typeof AnyAscii).default;
  return anyAscii(text);
}
