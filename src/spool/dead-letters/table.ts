// The table of letters: the location and counts of each, in order of addition. Typed arrays hold up to a million: rows
// of an id and eight numbers, and an open-addressing hash table from id to row.

/** A letter without its contents. */
export interface LetterEntry {
  /** 20 hexadecimal digits. */
  readonly id: string;
  readonly segment: number;
  /** Offset of the frame in the segment's file. */
  readonly at: number;
  /** Index among the letters of the frame. */
  readonly part: number;
  /** Counted against the bounds. */
  readonly bytes: number;
  readonly times: number;
  /** ms since 1970 UTC */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export interface OrderedLetter extends LetterEntry {
  /** Position in the order of addition, from 1. */
  readonly order: number;
}

/** An id as 32, 32 and 16 bits. */
type IdWords = readonly [number, number, number];

const wordsPerId = 3;
/** segment, at, part, bytes, times, firstAtMs, lastAtMs, order. The segment of a deleted row is 0. */
const columns = 8;
const [bytesColumn, orderColumn] = [3, 7];
const minRows = 64;
const minSlots = 128;
/** A smaller table keeps its deleted rows. */
const minCompactedRows = 1024;
/** Number of rows and next order, as doubles. */
const dumpHeaderBytes = 16;

export class LetterTable {
  private ids = new Uint32Array(0);
  private numbers = new Float64Array(0);
  /** Row numbers from 1, probed linearly; 0 is an empty slot. */
  private slots = new Int32Array(minSlots);
  /** Rows in use, including deleted ones. */
  private used = 0;
  private live = 0;
  private liveBytes = 0;
  private nextOrder = 1;

  /** @param dumped - the result of `dump` */
  constructor(dumped?: Buffer) {
    this.allocateRows(minRows);
    if (dumped !== undefined) this.load(dumped);
  }

  get(id: string): OrderedLetter | undefined {
    const row = this.find(wordsOf(id));
    return row === -1 ? undefined : this.entryAt(row);
  }

  /** Adds an entry, or replaces the one with the same id at the same order. */
  set(entry: LetterEntry): void {
    const words = wordsOf(entry.id);
    const row = this.find(words);
    if (row === -1) return this.append(words, entry);
    this.liveBytes += entry.bytes - this.number(row, bytesColumn);
    this.writeRow(row, words, entry, this.number(row, orderColumn));
  }

  delete(id: string): void {
    const slot = this.slotOf(wordsOf(id));
    const row = (this.slots[slot] as number) - 1;
    if (row === -1) return;
    this.liveBytes -= this.number(row, bytesColumn);
    this.live -= 1;
    this.numbers[row * columns] = 0;
    this.fillHole(slot);
    if (this.used > minCompactedRows && this.live * 3 < this.used) this.rebuild();
  }

  /** Yields the entries after an order, which may be deleted. 0: all. The table may change during iteration. */
  *after(order: number): Generator<OrderedLetter> {
    let row = this.firstAfter(order);
    for (let last = order; row < this.used; row += 1) {
      if (!this.isLive(row)) continue;
      const entry = this.entryAt(row);
      last = entry.order;
      const { ids } = this;
      yield entry;
      if (this.ids !== ids) row = this.firstAfter(last) - 1;
    }
  }

  count(): number {
    return this.live;
  }

  bytes(): number {
    return this.liveBytes;
  }

  /** Serializes the table, in the byte order of the machine. */
  dump(): Buffer {
    this.rebuild();
    const header = Buffer.alloc(dumpHeaderBytes);
    header.writeDoubleLE(this.used, 0);
    header.writeDoubleLE(this.nextOrder, 8);
    return Buffer.concat([header, ...this.rowBytes()]);
  }

  private load(dumped: Buffer): void {
    this.used = dumped.readDoubleLE(0);
    this.allocateRows(Math.max(minRows, this.used));
    const [ids, numbers] = this.rowBytes();
    dumped.copy(ids, 0, dumpHeaderBytes);
    dumped.copy(numbers, 0, dumpHeaderBytes + ids.length);
    this.live = this.used;
    this.nextOrder = dumped.readDoubleLE(8);
    for (let row = 0; row < this.used; row += 1) this.liveBytes += this.number(row, bytesColumn);
    this.rebuild();
  }

  private allocateRows(capacity: number): void {
    this.ids = new Uint32Array(capacity * wordsPerId);
    this.numbers = new Float64Array(capacity * columns);
  }

  /** The memory of the used rows. */
  private rowBytes(): readonly [ids: Buffer, numbers: Buffer] {
    const { ids, numbers, used } = this;
    return [
      Buffer.from(ids.buffer, ids.byteOffset, used * wordsPerId * ids.BYTES_PER_ELEMENT),
      Buffer.from(numbers.buffer, numbers.byteOffset, used * columns * numbers.BYTES_PER_ELEMENT),
    ];
  }

  private number(row: number, column: number): number {
    return this.numbers[row * columns + column] as number;
  }

  private isLive(row: number): boolean {
    return this.numbers[row * columns] !== 0;
  }

  private wordsAt(row: number): IdWords {
    const at = row * wordsPerId;
    return [this.ids[at] as number, this.ids[at + 1] as number, this.ids[at + 2] as number];
  }

  private entryAt(row: number): OrderedLetter {
    const [a, b, c] = this.wordsAt(row);
    const hex = (word: number, digits: number): string => word.toString(16).padStart(digits, '0');
    return {
      id: `${hex(a, 8)}${hex(b, 8)}${hex(c, 4)}`,
      segment: this.number(row, 0),
      at: this.number(row, 1),
      part: this.number(row, 2),
      bytes: this.number(row, bytesColumn),
      times: this.number(row, 4),
      firstAtMs: this.number(row, 5),
      lastAtMs: this.number(row, 6),
      order: this.number(row, orderColumn),
    };
  }

  private writeRow(row: number, words: IdWords, entry: LetterEntry, order: number): void {
    const { segment, at, part, bytes, times, firstAtMs, lastAtMs } = entry;
    this.ids.set(words, row * wordsPerId);
    this.numbers.set([segment, at, part, bytes, times, firstAtMs, lastAtMs, order], row * columns);
  }

  private append(words: IdWords, entry: LetterEntry): void {
    if (this.used * wordsPerId === this.ids.length || (this.used + 1) * 2 > this.slots.length) this.rebuild();
    this.writeRow(this.used, words, entry, this.nextOrder);
    this.slots[this.slotOf(words)] = this.used + 1;
    this.nextOrder += 1;
    this.used += 1;
    this.live += 1;
    this.liveBytes += entry.bytes;
  }

  /** The slot of an id, or the empty slot for it. */
  private slotOf([a, b, c]: IdWords): number {
    const { slots, ids } = this;
    const mask = slots.length - 1;
    let slot = b & mask;
    for (let row = slots[slot] as number; row !== 0; row = slots[slot] as number) {
      const at = (row - 1) * wordsPerId;
      if (ids[at] === a && ids[at + 1] === b && ids[at + 2] === c) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Returns -1 if there is no row of the id. */
  private find(words: IdWords): number {
    return (this.slots[this.slotOf(words)] as number) - 1;
  }

  /** Empties a slot, and moves later rows into it whose probe sequence passes it. */
  private fillHole(hole: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let free = hole;
    slots[free] = 0;
    for (let slot = (free + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const wanted = this.wordsAt((slots[slot] as number) - 1)[1] & mask;
      if (((slot - wanted) & mask) < ((slot - free) & mask)) continue;
      slots[free] = slots[slot] as number;
      slots[slot] = 0;
      free = slot;
    }
  }

  /** Drops deleted rows, and doubles the capacity for the others. */
  private rebuild(): void {
    const { ids, numbers, used } = this;
    this.allocateRows(Math.max(minRows, this.live * 2));
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(minSlots, this.live * 4))));
    this.used = 0;
    for (let row = 0; row < used; row += 1) {
      if (numbers[row * columns] === 0) continue;
      this.ids.set(ids.subarray(row * wordsPerId, (row + 1) * wordsPerId), this.used * wordsPerId);
      this.numbers.set(numbers.subarray(row * columns, (row + 1) * columns), this.used * columns);
      this.used += 1;
    }
    for (let row = 0; row < this.used; row += 1) this.slots[this.slotOf(this.wordsAt(row))] = row + 1;
  }

  /** Binary search for the first row after an order. */
  private firstAfter(order: number): number {
    let [low, high] = [0, this.used];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.number(middle, orderColumn) <= order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function wordsOf(id: string): IdWords {
  const word = (from: number, to: number): number => Number.parseInt(id.slice(from, to), 16);
  return [word(0, 8), word(8, 16), word(16, 20)];
}
