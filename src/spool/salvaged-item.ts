// What is salvaged of a damaged store: each thing told by what is in it, wherever in the file it was found.

import { fromBufferKey } from 'ordered-binary';
import { recordDictionary } from './dictionary.ts';
import { inflated } from './lmdb-file/stored-value.ts';
import { isSample } from './letters.ts';
import type { Position } from './position.ts';
import { isIntact, type RecordRow, type SealKey, unsealed } from './record.ts';
import type { LetterRow, ParkedRow } from './store.ts';

/** As it travels from the process that salvages to the one that keeps it. */
export type SalvagedItem =
  | { readonly kind: 'position'; readonly sink: string; readonly position: Position }
  /** `text`: the record, or the retry, as JSON. `pointsBefore`: how many had been appended before it, ever. */
  | { readonly kind: 'record'; readonly sequence: number; readonly points: number; readonly pointsBefore: number; readonly text: string }
  | { readonly kind: 'retry'; readonly sink: string; readonly sequence: number; readonly text: string }
  | { readonly kind: 'parked'; readonly waitsFor: string; readonly sequence: number; readonly row: ParkedRow }
  | { readonly kind: 'letter'; readonly id: string; readonly row: LetterRow }
  | { readonly kind: 'run'; readonly key: string; readonly digest: string }
  /** What the damaged store had counted itself, ever: as lost, as skipped for a sink, or as restored of another (store.ts). */
  | { readonly kind: 'count'; readonly name: string; readonly count: number };

/** Whether it is told anew each time, and kept in mind, not put back. */
export function isForMind({ kind }: SalvagedItem): boolean {
  return kind === 'position' || kind === 'count';
}

const dictionary = recordDictionary();

/** What the entry of a database is; undefined when its checksum does not fit, or it is none of ours. */
export function itemOf(storedKey: Buffer, stored: Buffer): Exclude<SalvagedItem, { kind: 'run' | 'count' }> | undefined {
  const key = keyOf(storedKey);
  if (key === undefined) return undefined;
  const text = textOf(key, stored);
  if (text === undefined) return undefined;
  const row = JSON.parse(text) as unknown;
  if (typeof key === 'number') return Array.isArray(row) ? ofNumber(key, row as RecordRow, text) : undefined;
  if (typeof row !== 'object' || row === null) return undefined;
  return typeof key === 'string' ? ofText(key, row) : ofPair(key, row, text);
}

/** No key or digest of a run is longer; lmdb refuses long keys, and the transaction with them. */
const longestRunBytes = 100;

/** Run keys have no checksum: they are believed where the tree leads to them, unless they cannot be any. */
export function runOf(key: Buffer, value: Buffer): Extract<SalvagedItem, { kind: 'run' }> | undefined {
  const isPossible = [key, value].every((bytes) => bytes.length <= longestRunBytes) && /^[\w-]+$/.test(key.toString('latin1'));
  return isPossible ? { kind: 'run', key: key.toString('latin1'), digest: value.toString('latin1') } : undefined;
}

/** What an entry of the meta data has counted; undefined when it has not, or its checksum does not fit. */
export function countOf(storedKey: Buffer, stored: Buffer): Extract<SalvagedItem, { kind: 'count' }> | undefined {
  const name = keyOf(storedKey);
  if (typeof name !== 'string' || !/^(lost-|skipped-|restored )./.test(name)) return undefined;
  const text = textOf(name, stored);
  const count = text === undefined ? NaN : Number(text);
  return Number.isSafeInteger(count) && count !== 0 ? { kind: 'count', name, count } : undefined;
}

/** A record that the damaged store had itself counted as lost, and the points in it. */
export function countedLostOf(storedKey: Buffer, stored: Buffer): { readonly sequence: number; readonly points: number } | undefined {
  const name = keyOf(storedKey);
  const number = typeof name === 'string' ? /^damaged (\d+)$/.exec(name)?.[1] : undefined;
  const text = number === undefined || typeof name !== 'string' ? undefined : textOf(name, stored);
  return text === undefined ? undefined : { sequence: Number(number), points: Number(text) };
}

function ofNumber(sequence: number, [, pointsBefore, , points]: RecordRow, text: string): Extract<SalvagedItem, { kind: 'record' }> {
  return { kind: 'record', sequence, points: points.length, pointsBefore, text };
}

function ofText(key: string, row: object): Exclude<SalvagedItem, { kind: 'run' | 'count' }> | undefined {
  if ('through' in row) return { kind: 'position', sink: key, position: row as Position };
  return 'times' in row && !isSample(key) ? { kind: 'letter', id: key, row: row as LetterRow } : undefined;
}

function ofPair([name, sequence]: readonly [string, number], row: object, text: string): Exclude<SalvagedItem, { kind: 'run' | 'count' }> | undefined {
  if ('attempts' in row) return { kind: 'retry', sink: name, sequence, text };
  return 'payload' in row ? { kind: 'parked', waitsFor: name, sequence, row: row as ParkedRow } : undefined;
}

/** What was sealed, under its key or under none, compressed or not. */
function textOf(key: SealKey, stored: Buffer): string | undefined {
  for (const value of [stored, inflated(stored, dictionary)]) {
    for (const seal of [key, '']) if (value !== undefined && isIntact(value, seal)) return unsealed(value, seal);
  }
  return undefined;
}

/** The key of an entry; undefined where it is none of ours. */
export function keyOf(stored: Buffer): SealKey | undefined {
  try {
    const key: unknown = fromBufferKey(stored);
    if (typeof key === 'number' || typeof key === 'string') return key;
    return Array.isArray(key) && typeof key[0] === 'string' && typeof key[1] === 'number' ? [key[0], key[1]] : undefined;
  } catch {
    return undefined;
  }
}
