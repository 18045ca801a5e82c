// Assembles a range of the legacy store's records: the readable ones in order, and the lost ones between them. Sequence
// numbers have no gaps in a range that a sink has not finished, so a missing record is lost as well.

import { type LegacyHead, recordOverheadBytes, type RecordRow, verifiedText } from './format.ts';
import type { LostRecords } from './requests.ts';

export interface RangeOptions {
  readonly from: number;
  /** Not above the head. */
  readonly through: number;
  readonly head: LegacyHead;
  /** The range ends with the record that reaches this length. */
  readonly maxCharacters: number;
}

/** `text`: the record as JSON. */
export type RangeItem = { readonly sequence: number; readonly bytes: number; readonly text: string } | LostRecords;

export interface RecordRange {
  readonly items: readonly RangeItem[];
  /** The start of the next range; undefined at the end. */
  readonly next: number | undefined;
}

/** `continueAt`: ends the range before this record. */
export type RangeEntry = { readonly key: unknown; readonly value: Buffer } | { readonly continueAt: number };

/** More useless entries in a row mean that damage has led lmdb in a circle. */
const maxUseless = 1_000_000;

/** @param entries - beginning with the record before `from` */
export function recordRange(
  entries: Iterable<RangeEntry>,
  { from, through: last, head, maxCharacters }: RangeOptions,
): RecordRange {
  const items: RangeItem[] = [];
  let [expected, characters, useless] = [from, 0, 0];
  let before: string | undefined;
  for (const entry of entries) {
    if ('continueAt' in entry) {
      const { continueAt } = entry;
      if (continueAt > expected) items.push(lost([expected, continueAt - 1], undefined));
      return { items, next: continueAt };
    }
    const { key, value } = entry;
    const text = typeof key === 'number' ? verifiedText(value, key) : undefined;
    if (text === undefined || typeof key !== 'number' || key < expected) {
      if (text !== undefined && key === from - 1) before = text;
      useless += 1;
      if (useless > maxUseless) throw new Error('its records are not in order');
      continue;
    }
    if (key > expected && expected <= last)
      items.push(lost([expected, Math.min(key - 1, last)], key - 1 <= last ? pointsBetween(before, text) : undefined));
    expected = key;
    if (key > last) break;
    items.push({ sequence: key, bytes: value.length + recordOverheadBytes, text });
    [expected, before, useless] = [key + 1, text, 0];
    characters += text.length;
    if (characters >= maxCharacters && expected <= last) return { items, next: expected };
  }
  // The head's points may come from the last readable record; then nothing is known of the lost ones behind it.
  if (expected <= last)
    items.push(lost([expected, last], (last === head.sequence && pointsBetween(before, head)) || undefined));
  return { items, next: undefined };
}

function lost(range: LostRecords['lost'], points: number | undefined): LostRecords {
  return { lost: range, ...(points !== undefined && { points }) };
}

/** Returns the number of points appended between two readable records. */
function pointsBetween(before: string | undefined, after: string | LegacyHead): number | undefined {
  if (before === undefined) return undefined;
  const [, pointsBefore, , rows] = JSON.parse(before) as RecordRow;
  const points = typeof after === 'string' ? (JSON.parse(after) as RecordRow)[1] : after.points;
  return Math.max(0, points - pointsBefore - rows.length);
}
