// The records of a write: the elements of one delivery, which share an id. A bridge stores a record with an id once,
// however often it is sent.

import { hash } from 'node:crypto';
import type { Element } from './element.ts';

export interface BackstopRecord {
  /** Derived from the elements, so that it is the same after a restart, and in another batch. */
  readonly id: string;
  readonly elements: readonly Element[];
  /** Of the rendered elements. */
  readonly bytes: number;
}

/** 132 bits. */
const idLength = 22;
/** Of the braces, the member `id` and a comma. */
const bytesBesideMembers = '{,"id":""},'.length + idLength;

export function recordOf(elements: readonly Element[]): BackstopRecord {
  const text = elements.map(({ members }) => members).join('\n');
  return {
    id: hash('sha256', text, 'base64url').slice(0, idLength),
    elements,
    bytes: elements.reduce((sum, { members }) => sum + members.length + bytesBesideMembers, 0),
  };
}

/**
 * Returns the elements of a delivery as one record, or, above `maxBytes`, as parts with ids of their own. The borders
 * are halves of halves, so that equal deliveries have equal parts.
 */
export function recordsOf(elements: readonly Element[], maxBytes: number): BackstopRecord[] {
  if (elements.length === 0) return [];
  const record = recordOf(elements);
  if (record.bytes <= maxBytes || elements.length === 1) return [record];
  return halvesOf(elements).flatMap((half) => recordsOf(half, maxBytes));
}

export function halvesOf<Item>(items: readonly Item[]): readonly [readonly Item[], readonly Item[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

/** The same record without some elements. It keeps its id: what the receiver takes of it is the same. */
export function withoutElements(record: BackstopRecord, left: ReadonlySet<Element>): BackstopRecord {
  const elements = record.elements.filter((element) => !left.has(element));
  return { ...record, elements };
}

/** The body of a request: the elements of a record are consecutive. */
export function renderRecords(records: readonly BackstopRecord[]): string {
  const elements = records.flatMap(({ id, elements: own }) => own.map(({ members }) => `{${members},"id":"${id}"}`));
  return `[${elements.join(',')}]`;
}
