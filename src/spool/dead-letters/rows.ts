// The rows of a letter table, one for each letter in the order in which they came: 76 bytes a row, in two typed arrays.

/** What is known of a letter without reading it. */
export interface LetterEntry {
  /** 20 hexadecimal digits. */
  readonly id: string;
  readonly segment: number;
  /** In the segment's file, in bytes. */
  readonly at: number;
  /** Which of the letters in its frame it is. */
  readonly part: number;
  /** Counted against the bounds. */
  readonly bytes: number;
  /** How often it was put down. */
  readonly times: number;
  /** ms since 1970 UTC */
  readonly firstAtMs: number;
  /** ms since 1970 UTC */
  readonly lastAtMs: number;
}

/** A letter and its place in the order in which they came, from 1. */
export interface OrderedLetter extends LetterEntry {
  readonly order: number;
}

const idWords = 3;
const numbersARow = 8;

/** The id as three numbers: 32, 32 and 16 bits. */
export type Words = readonly [number, number, number];

export interface LetterRows {
  /** How many rows there are, used or not. */
  readonly capacity: number;
  readonly ids: Uint32Array;
  /** segment, at, part, bytes, times, firstAtMs, lastAtMs, order; a segment of 0: gone. */
  readonly numbers: Float64Array;
}

/** So many rows that are all gone. */
export function letterRows(capacity: number): LetterRows {
  return { capacity, ids: new Uint32Array(capacity * idWords), numbers: new Float64Array(capacity * numbersARow) };
}

/** The three numbers of an id of 20 hexadecimal digits. */
export function wordsOf(id: string): Words {
  return [
    Number.parseInt(id.slice(0, 8), 16),
    Number.parseInt(id.slice(8, 16), 16),
    Number.parseInt(id.slice(16, 20), 16),
  ];
}

/** The three numbers of the id in a row. */
export function wordsAt({ ids }: LetterRows, row: number): Words {
  const at = row * idWords;
  return [ids[at] as number, ids[at + 1] as number, ids[at + 2] as number];
}

/** Whether a row is of this id. */
export function isOf({ ids }: LetterRows, row: number, [a, b, c]: Words): boolean {
  const at = row * idWords;
  return ids[at] === a && ids[at + 1] === b && ids[at + 2] === c;
}

export function isAlive({ numbers }: LetterRows, row: number): boolean {
  return numbers[row * numbersARow] !== 0;
}

/** Marks a row as gone; its order stays, so that the rows are still in order. */
export function bury({ numbers }: LetterRows, row: number): void {
  numbers[row * numbersARow] = 0;
}

/** Puts an entry into a row, whatever is in it. */
export function writeRow(
  { ids, numbers }: LetterRows,
  row: number,
  words: Words,
  entry: LetterEntry,
  order: number,
): void {
  ids.set(words, row * idWords);
  const { segment, at, part, bytes, times, firstAtMs, lastAtMs } = entry;
  numbers.set([segment, at, part, bytes, times, firstAtMs, lastAtMs, order], row * numbersARow);
}

export function copyRow(from: LetterRows, row: number, to: LetterRows, target: number): void {
  to.ids.set(from.ids.subarray(row * idWords, (row + 1) * idWords), target * idWords);
  to.numbers.set(from.numbers.subarray(row * numbersARow, (row + 1) * numbersARow), target * numbersARow);
}

/** Reads the entry of a row, and its order. */
export function entryAt(rows: LetterRows, row: number): OrderedLetter {
  const [a, b, c] = wordsAt(rows, row);
  const hex = (word: number, digits: number): string => word.toString(16).padStart(digits, '0');
  const at = row * numbersARow;
  const number = (column: number): number => rows.numbers[at + column] as number;
  return {
    id: `${hex(a, 8)}${hex(b, 8)}${hex(c, 4)}`,
    segment: number(0),
    at: number(1),
    part: number(2),
    bytes: number(3),
    times: number(4),
    firstAtMs: number(5),
    lastAtMs: number(6),
    order: number(7),
  };
}

/** The first row whose order is behind this one; rows are in order. */
export function firstBehind({ numbers }: LetterRows, used: number, order: number): number {
  let [low, high] = [0, used];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle * numbersARow + 7] as number) <= order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bytes of so many rows, as they stand in memory: the ids, and the numbers. */
export function bytesOfRows({ ids, numbers }: LetterRows, used: number): readonly [ids: Buffer, numbers: Buffer] {
  const bytesOf = (array: Uint32Array | Float64Array, length: number): Buffer =>
    Buffer.from(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);
  return [bytesOf(ids, used * idWords), bytesOf(numbers, used * numbersARow)];
}
