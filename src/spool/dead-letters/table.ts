// Where in the log each dead letter stands, and what has changed of it since: rows in the order in which they came, and an open-addressing
// table of their numbers by id, in typed arrays, since there may be a million.

import {
  bury,
  bytesOfRows,
  copyRow,
  entryAt,
  firstBehind,
  isAlive,
  isOf,
  type LetterEntry,
  type LetterRows,
  letterRows,
  type OrderedLetter,
  type Words,
  wordsAt,
  wordsOf,
  writeRow,
} from './rows.ts';

export type { LetterEntry };

export interface LetterTable {
  /** Undefined when there is none of this id. */
  get(id: string): (LetterEntry & { readonly order: number }) | undefined;
  /** Puts an entry down, or another in the place of that of the same id. */
  set(entry: LetterEntry): void;
  /** Forgets an entry; one that is not there is no error. */
  delete(id: string): void;
  /** Entries in the order in which they came, behind one that may be gone; `order` is 0 for all. The table may change meanwhile. */
  after(order: number): Generator<LetterEntry & { readonly order: number }>;
  count(): number;
  /** The bytes of all entries, as they are counted against the bounds. */
  bytes(): number;
  /** All of it as bytes, for `letterTable`. */
  dump(): Buffer;
}

interface TableState {
  rows: LetterRows;
  /** Numbers of rows from 1, in a row from the slot of the id until an empty one; 0 is in an empty one. */
  slots: Int32Array;
  /** Rows that are used, those that are gone included. */
  used: number;
  /** Rows that are not gone. */
  count: number;
  bytes: number;
  nextOrder: number;
}

const leastRows = 64;
const leastSlots = 128;
/** With fewer rows it is not worth while to clear those that are gone. */
const fewRows = 1024;
/** How many rows are used, and the next order; a double each. */
const headBytes = 16;

/** @param dumped - what `dump` gave */
export function letterTable(dumped?: Buffer): LetterTable {
  const state: TableState = {
    rows: letterRows(leastRows),
    slots: new Int32Array(leastSlots),
    used: 0,
    count: 0,
    bytes: 0,
    nextOrder: 1,
  };
  if (dumped !== undefined) load(state, dumped);
  return {
    get(id) {
      const row = find(state, wordsOf(id));
      return row === -1 ? undefined : entryAt(state.rows, row);
    },
    set: (entry) => set(state, entry),
    delete: (id) => forget(state, id),
    after: (order) => after(state, order),
    count: () => state.count,
    bytes: () => state.bytes,
    dump: () => dump(state),
  };
}

/** The slot that an id has, or would get. */
function slotOf({ rows, slots }: TableState, words: Words): number {
  const mask = slots.length - 1;
  let slot = words[1] & mask;
  for (let row = slots[slot] as number; row !== 0; row = slots[slot] as number) {
    if (isOf(rows, row - 1, words)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

/** The row of an id; -1: there is none. */
function find(state: TableState, words: Words): number {
  return (state.slots[slotOf(state, words)] as number) - 1;
}

function set(state: TableState, entry: LetterEntry): void {
  const words = wordsOf(entry.id);
  const known = find(state, words);
  if (known === -1) return append(state, words, entry);
  const former = entryAt(state.rows, known);
  state.bytes += entry.bytes - former.bytes;
  writeRow(state.rows, known, words, entry, former.order);
}

function append(state: TableState, words: Words, entry: LetterEntry): void {
  if (state.used === state.rows.capacity || (state.used + 1) * 2 > state.slots.length) rebuild(state);
  writeRow(state.rows, state.used, words, entry, state.nextOrder);
  state.slots[slotOf(state, words)] = state.used + 1;
  state.nextOrder += 1;
  state.used += 1;
  state.count += 1;
  state.bytes += entry.bytes;
}

function forget(state: TableState, id: string): void {
  const slot = slotOf(state, wordsOf(id));
  const row = (state.slots[slot] as number) - 1;
  if (row === -1) return;
  state.bytes -= entryAt(state.rows, row).bytes;
  state.count -= 1;
  bury(state.rows, row);
  fillHole(state, slot);
  if (state.used > fewRows && state.count * 3 < state.used) rebuild(state);
}

/** Moves those behind a hole forward whose search would end at it. */
function fillHole({ rows, slots }: TableState, hole: number): void {
  const mask = slots.length - 1;
  let free = hole;
  slots[free] = 0;
  for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
    const wanted = wordsAt(rows, (slots[slot] as number) - 1)[1] & mask;
    if (((slot - wanted) & mask) < ((slot - free) & mask)) continue;
    slots[free] = slots[slot] as number;
    slots[slot] = 0;
    free = slot;
  }
}

/** Gives the table other rows and slots, without those that are gone, and with room for as many again. */
function rebuild(state: TableState): void {
  const { rows: former, used } = state;
  state.rows = letterRows(Math.max(leastRows, state.count * 2));
  state.slots = new Int32Array(powerOfTwo(Math.max(leastSlots, state.count * 4)));
  state.used = 0;
  for (let row = 0; row < used; row += 1) {
    if (!isAlive(former, row)) continue;
    copyRow(former, row, state.rows, state.used);
    state.used += 1;
  }
  for (let row = 0; row < state.used; row += 1) state.slots[slotOf(state, wordsAt(state.rows, row))] = row + 1;
}

/** After a rebuild the place is looked for again, by the order of the entry that came last. */
function* after(state: TableState, order: number): Generator<OrderedLetter> {
  let row = firstBehind(state.rows, state.used, order);
  for (let last = order; row < state.used; row += 1) {
    if (!isAlive(state.rows, row)) continue;
    const entry = entryAt(state.rows, row);
    last = entry.order;
    const before = state.rows;
    yield entry;
    if (state.rows !== before) row = firstBehind(state.rows, state.used, last) - 1;
  }
}

function dump(state: TableState): Buffer {
  rebuild(state);
  const head = Buffer.alloc(headBytes);
  head.writeDoubleLE(state.used, 0);
  head.writeDoubleLE(state.nextOrder, 8);
  return Buffer.concat([head, ...bytesOfRows(state.rows, state.used)]);
}

function load(state: TableState, dumped: Buffer): void {
  const used = dumped.readDoubleLE(0);
  state.rows = letterRows(Math.max(leastRows, used));
  const [ids, numbers] = bytesOfRows(state.rows, used);
  dumped.copy(ids, 0, headBytes);
  dumped.copy(numbers, 0, headBytes + ids.length);
  state.used = used;
  state.count = used;
  state.nextOrder = dumped.readDoubleLE(8);
  for (let row = 0; row < used; row += 1) state.bytes += entryAt(state.rows, row).bytes;
  rebuild(state);
}

/** The least power of two that is not less. */
function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
