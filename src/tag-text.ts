// Makes any text legal as a tag value, in this one place for every source.

import anyAscii from 'any-ascii';

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
  const legal = anyAscii(text)
    .replace(/[^A-Za-z0-9._/-]+/g, (run) => (/^ +$/.test(run) ? '_'.repeat(run.length) : '_'))
    .slice(0, maxLength)
    .replace(/^_+|_+$/g, '');
  return legal === '' ? undefined : legal;
}
