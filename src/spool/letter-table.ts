// Where in the log each dead letter stands, and what has changed of it since: some 60 bytes a letter, since there may be a million.

/** What is known of a letter without reading it. */
export interface LetterEntry {
  /** 20 hexadecimal digits. */
  readonly id: string;
  readonly segment: number;
  readonly at: number;
  /** Which of the letters in its frame it is. */
  readonly part: number;
  /** Counted against the bounds. */
  readonly bytes: number;
  readonly times: number;
  /** ms since 1970 UTC */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export interface LetterTable {
  get(id: string): (LetterEntry & { readonly order: number }) | undefined;
  /** Puts an entry down, or another in the place of that of the same id. */
  set(entry: LetterEntry): void;
  delete(id: string): void;
  /** Entries in the order in which they came, behind one that may be gone; `order` is 0 for all. */
  after(order: number): Generator<LetterEntry & { readonly order: number }>;
  count(): number;
  bytes(): number;
  /** All of it as bytes, and back. */
  dump(): Buffer;
}

const idWords = 3;
const numbersARow = 8;

/** @param dumped - what `dump` gave */
export function letterTable(dumped?: Buffer): LetterTable {
  let rows = table(64);
  let slots = new Int32Array(128);
  let used = 0;
  let count = 0;
  let bytes = 0;
  let nextOrder = 1;

  function slotOf(words: Words): number {
    const mask = slots.length - 1;
    let slot = words[1] & mask;
    for (let row = slots[slot] as number; row !== 0; row = slots[slot] as number) {
      if (isOf(rows, row - 1, words)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  function find(id: string): number {
    return (slots[slotOf(wordsOf(id))] as number) - 1;
  }

  /** Without those that are gone, and with room for as many again. */
  function rebuild(): void {
    const former = rows;
    const formerUsed = used;
    rows = table(Math.max(64, count * 2));
    slots = new Int32Array(powerOfTwo(Math.max(128, count * 4)));
    used = 0;
    for (let row = 0; row < formerUsed; row += 1) if (isAlive(former, row)) copyRow(former, row, rows, used++);
    for (let row = 0; row < used; row += 1) slots[slotOf(wordsAt(rows, row))] = row + 1;
  }

  function set(entry: LetterEntry): void {
    const words = wordsOf(entry.id);
    const known = find(entry.id);
    if (known !== -1) {
      bytes += entry.bytes - entryAt(rows, known).bytes;
      return write(rows, known, words, entry, entryAt(rows, known).order);
    }
    if (used === rows.capacity || (used + 1) * 2 > slots.length) rebuild();
    write(rows, used, words, entry, nextOrder);
    slots[slotOf(words)] = used + 1;
    nextOrder += 1;
    used += 1;
    count += 1;
    bytes += entry.bytes;
  }

  const index: LetterTable = {
    get(id) {
      const row = find(id);
      return row === -1 ? undefined : entryAt(rows, row);
    },
    set,
    delete(id) {
      const slot = slotOf(wordsOf(id));
      const row = (slots[slot] as number) - 1;
      if (row === -1) return;
      bytes -= entryAt(rows, row).bytes;
      count -= 1;
      bury(rows, row);
      fillHole(slot);
      if (used > 1024 && count * 3 < used) rebuild();
    },
    *after(order) {
      let row = firstBehind(rows, used, order);
      for (let last = order; row < used; row += 1) {
        if (!isAlive(rows, row)) continue;
        const entry = entryAt(rows, row);
        last = entry.order;
        const before = rows;
        yield entry;
        if (rows !== before) row = firstBehind(rows, used, last) - 1;
      }
    },
    count: () => count,
    bytes: () => bytes,
    dump() {
      rebuild();
      const header = Buffer.alloc(16);
      header.writeDoubleLE(used, 0);
      header.writeDoubleLE(nextOrder, 8);
      return Buffer.concat([header, bytesOf(rows.ids, used * idWords), bytesOf(rows.numbers, used * numbersARow)]);
    },
  };

  /** Moves those behind a hole forward whose search would end at it. */
  function fillHole(hole: number): void {
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

  function load(dump: Buffer): void {
    used = dump.readDoubleLE(0);
    nextOrder = dump.readDoubleLE(8);
    rows = table(Math.max(64, used));
    const idsEnd = 16 + used * idWords * 4;
    dump.copy(bytesOf(rows.ids, used * idWords), 0, 16, idsEnd);
    dump.copy(bytesOf(rows.numbers, used * numbersARow), 0, idsEnd);
    count = used;
    for (let row = 0; row < used; row += 1) bytes += entryAt(rows, row).bytes;
    rebuild();
  }

  if (dumped !== undefined) load(dumped);
  return index;
}

type Words = readonly [number, number, number];

interface Table {
  readonly capacity: number;
  readonly ids: Uint32Array;
  /** segment, at, part, bytes, times, firstAtMs, lastAtMs, order; a segment of 0: gone. */
  readonly numbers: Float64Array;
}

function table(capacity: number): Table {
  return { capacity, ids: new Uint32Array(capacity * idWords), numbers: new Float64Array(capacity * numbersARow) };
}

function wordsOf(id: string): Words {
  return [Number.parseInt(id.slice(0, 8), 16), Number.parseInt(id.slice(8, 16), 16), Number.parseInt(id.slice(16, 20), 16)];
}

function wordsAt({ ids }: Table, row: number): Words {
  const at = row * idWords;
  return [ids[at] as number, ids[at + 1] as number, ids[at + 2] as number];
}

function isOf(rows: Table, row: number, [a, b, c]: Words): boolean {
  const words = wordsAt(rows, row);
  return words[0] === a && words[1] === b && words[2] === c;
}

function isAlive({ numbers }: Table, row: number): boolean {
  return numbers[row * numbersARow] !== 0;
}

function bury({ numbers }: Table, row: number): void {
  numbers[row * numbersARow] = 0;
}

function write({ ids, numbers }: Table, row: number, words: Words, entry: LetterEntry, order: number): void {
  ids.set(words, row * idWords);
  const { segment, at, part, bytes, times, firstAtMs, lastAtMs } = entry;
  numbers.set([segment, at, part, bytes, times, firstAtMs, lastAtMs, order], row * numbersARow);
}

function copyRow(from: Table, row: number, to: Table, target: number): void {
  to.ids.set(from.ids.subarray(row * idWords, (row + 1) * idWords), target * idWords);
  to.numbers.set(from.numbers.subarray(row * numbersARow, (row + 1) * numbersARow), target * numbersARow);
}

function entryAt(rows: Table, row: number): LetterEntry & { readonly order: number } {
  const [a, b, c] = wordsAt(rows, row);
  const hex = (word: number, digits: number): string => word.toString(16).padStart(digits, '0');
  const at = row * numbersARow;
  const number = (column: number): number => rows.numbers[at + column] as number;
  return {
    id: `${hex(a, 8)}${hex(b, 8)}${hex(c, 4)}`,
    ...{ segment: number(0), at: number(1), part: number(2), bytes: number(3), times: number(4) },
    ...{ firstAtMs: number(5), lastAtMs: number(6), order: number(7) },
  };
}

/** The first row whose order is behind this one; rows are in order. */
function firstBehind({ numbers }: Table, used: number, order: number): number {
  let [low, high] = [0, used];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle * numbersARow + 7] as number) <= order) low = middle + 1;
    else high = middle;
  }
  return low;
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function bytesOf(array: Uint32Array | Float64Array, length: number): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);
}
