// A stretch of the former store's records: those that can be read, in order, and between them those that cannot. Numbers have no
// gaps where somebody waits for them, so a record that is not there is lost as well.

import type { LostRecords } from './requests.ts';
import { bytesBesideRecord, type LegacyHead, type RecordRow } from './rows.ts';
import { unsealedText } from './sealed-text.ts';

export interface StretchOptions {
  readonly from: number;
  /** Not behind the head. */
  readonly through: number;
  readonly head: LegacyHead;
  /** Ends with the record that reaches so many. */
  readonly maxCharacters: number;
}

/** `bytes`: as they count against the bound. `text`: the record as JSON. */
export type StretchItem = { readonly sequence: number; readonly bytes: number; readonly text: string } | LostRecords;

export interface Stretch {
  readonly items: readonly StretchItem[];
  /** Where to go on; undefined at the end. */
  readonly next: number | undefined;
}

/** `goOnAt`: the rest from there is for another time. */
export type StretchEntry = { readonly key: unknown; readonly value: Buffer } | { readonly goOnAt: number };

/** So many entries that are no use, one behind the other: damage has led in a circle. */
const mostUseless = 1_000_000;

/**
 * Reads on from `from`, whatever stands between.
 *
 * @param entries - from the record before `from` on
 */
export function stretch(
  entries: Iterable<StretchEntry>,
  { from, through: last, head, maxCharacters }: StretchOptions,
): Stretch {
  const items: StretchItem[] = [];
  let [expected, characters, useless] = [from, 0, 0];
  let before: string | undefined;
  for (const entry of entries) {
    if ('goOnAt' in entry) {
      const { goOnAt } = entry;
      if (goOnAt > expected) items.push(lost([expected, goOnAt - 1], undefined));
      return { items, next: goOnAt };
    }
    const { key, value } = entry;
    const text = typeof key === 'number' ? unsealedText(value, key) : undefined;
    if (text === undefined || typeof key !== 'number' || key < expected) {
      if (text !== undefined && key === from - 1) before = text;
      useless += 1;
      if (useless > mostUseless) throw new Error('its records are not in order');
      continue;
    }
    if (key > expected && expected <= last)
      items.push(lost([expected, Math.min(key - 1, last)], key - 1 <= last ? pointsBetween(before, text) : undefined));
    expected = key;
    if (key > last) break;
    items.push({ sequence: key, bytes: value.length + bytesBesideRecord, text });
    [expected, before, useless] = [key + 1, text, 0];
    characters += text.length;
    if (characters >= maxCharacters && expected <= last) return { items, next: expected };
  }
  // The head may be known by no more than the last record that can be read.
  if (expected <= last)
    items.push(lost([expected, last], (last === head.sequence && pointsBetween(before, head)) || undefined));
  return { items, next: undefined };
}

function lost(range: LostRecords['lost'], points: number | undefined): LostRecords {
  return { lost: range, ...(points !== undefined && { points }) };
}

/** How many points had been appended between two records that can be read. */
function pointsBetween(before: string | undefined, after: string | LegacyHead): number | undefined {
  if (before === undefined) return undefined;
  const [, pointsBefore, , rows] = JSON.parse(before) as RecordRow;
  const points = typeof after === 'string' ? (JSON.parse(after) as RecordRow)[1] : after.points;
  return Math.max(0, points - pointsBefore - rows.length);
}
