// Makes any text legal as a tag value, in this one place for every source.

import { createRequire } from 'node:module';
import type * as AnyAscii from 'any-ascii';

/** Longer texts are cut: a name of many kilobytes is a mistake, and a put line holds 1024 bytes. */
const maxLength = 200;

/**
 * The text in the letters that OpenTSDB keeps apart: `A-Z a-z 0-9 . _ / -`. Undefined when nothing of it is left.
 *
 * OpenTSDB takes other letters but stores them as Latin-1, so that two Chinese names become one series (UniqueId);
 * hence accents and other scripts are transliterated. A run of spaces becomes one `_` a space, as the original bridge
 * wrote it; a run that holds anything else that is illegal becomes one `_`; none stays at the ends.
 */
export function legalTagText(text: string): string | undefined {
  const legal = inAscii(text)
    .replace(/[^A-Za-z0-9._/-]+/g, (run) => (/^ +$/.test(run) ? '_'.repeat(run.length) : '_'))
    .slice(0, maxLength)
    .replace(/^_+|_+$/g, '');
  return legal === '' ? undefined : legal;
}

let transliterated: ((text: string) => string) | undefined;

/** Most texts are ASCII as they are; the letters of the others are read in with the first of them. */
function inAscii(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  transliterated ??= (createRequire(import.meta.url)('any-ascii') as typeof AnyAscii).default;
  return transliterated(text);
}
