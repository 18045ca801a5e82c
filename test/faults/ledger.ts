// The books: which runs were pushed, which were answered 200 and are owed since, and how often each point of each arrived.

import { maxPointsOfRun, type Runs } from './runs.ts';

/** A request in which the receiver stored points, or several in a row that nobody tells apart. */
export interface Delivery {
  readonly number: number;
  readonly fromMs: number;
  /** When its answer was handed over; undefined while there is none. */
  toMs: number | undefined;
  /** Its answer was lost or said otherwise: whoever sent the points may send them again. */
  isSpoilt: boolean;
}

export interface Ledger {
  /** The next run that was not pushed yet. */
  next(): number;
  acknowledge(run: number): void;
  /** A point arrived; a line as in Runs.points. */
  deliver(line: string, timestampMs: number, delivery: Delivery): void;
  /** Something happened after which what was under way may be sent again: a death of the bridge or of the receiver. */
  disturbed(atMs: number): void;
  isComplete(run: number): boolean;
  account(isDeadLetter: (line: string) => boolean): Account;
  counts(): { readonly pushed: number; readonly owed: number; readonly arrived: number };
}

export interface Account {
  readonly pushed: number;
  /** Answered 200. */
  readonly owed: number;
  /** Points that arrived, copies included. */
  readonly arrived: number;
  /** Points of owed runs that are neither at the receiver nor in the dead letters. */
  readonly lostPoints: number;
  readonly lostRuns: number;
  /** Runs that were never answered 200, of which some points came and others did not. */
  readonly torn: number;
  /** Points that nobody pushed, or that differ from what they must be. */
  readonly foreign: number;
  readonly duplicates: number;
  /** Copies where nothing had happened that would explain them. */
  readonly unexplained: number;
  readonly deadLetters: number;
  /** A few words on the first of each kind. */
  readonly examples: readonly string[];
}

/** So long after an answer the bridge may not have written it down yet. */
const bookingMs = 2_000;
/** The bridge waits for an answer for 15 s. */
const patienceMs = 14_000;
const maxExamples = 8;

interface Books {
  readonly runs: Runs;
  readonly takesStrangers: boolean;
  pushed: number;
  owed: Uint8Array;
  arrived: Uint8Array;
  /** By point: the number of the delivery that brought it last. */
  broughtBy: Uint32Array;
  readonly deliveries: Map<number, Delivery>;
  readonly disturbances: number[];
  readonly totals: { arrived: number; foreign: number; duplicates: number; unexplained: number };
  readonly examples: string[];
}

/** @param takesStrangers - whether points of runs that were not issued here are ignored */
export function openLedger(runs: Runs, { takesStrangers = false }: { readonly takesStrangers?: boolean } = {}): Ledger {
  const books: Books = {
    runs,
    takesStrangers,
    pushed: 0,
    owed: new Uint8Array(1024),
    arrived: new Uint8Array(1024 * maxPointsOfRun),
    broughtBy: new Uint32Array(1024 * maxPointsOfRun),
    deliveries: new Map<number, Delivery>(),
    disturbances: [],
    totals: {
      arrived: 0,
      foreign: 0,
      duplicates: 0,
      unexplained: 0,
    },
    examples: [],
  };
  return {
    next() {
      if (books.pushed === books.owed.length) grow(books);
      books.pushed += 1;
      return books.pushed - 1;
    },
    acknowledge: (run) => void (books.owed[run] = 1),
    deliver: (line, timestampMs, delivery) => deliver(books, line, timestampMs, delivery),
    disturbed: (atMs) => void books.disturbances.push(atMs),
    isComplete: (run) => books.runs.points(run).every((_, at) => (books.arrived[run * maxPointsOfRun + at] ?? 0) > 0),
    account: (isDeadLetter) => account(books, isDeadLetter),
    counts: () => ({
      pushed: books.pushed,
      owed: books.owed.reduce((sum, one) => sum + one, 0),
      arrived: books.totals.arrived,
    }),
  };
}

function grow(books: Books): void {
  const larger = <T extends Uint8Array | Uint32Array>(bigger: T, old: T): T => {
    bigger.set(old);
    return bigger;
  };
  books.owed = larger(new Uint8Array(books.owed.length * 2), books.owed);
  books.arrived = larger(new Uint8Array(books.arrived.length * 2), books.arrived);
  books.broughtBy = larger(new Uint32Array(books.broughtBy.length * 2), books.broughtBy);
}

function deliver(books: Books, line: string, timestampMs: number, delivery: Delivery): void {
  const { runs, totals, arrived, broughtBy, deliveries } = books;
  totals.arrived += 1;
  const run = runs.runAt(timestampMs);
  const isOurs = run >= 0 && run < books.pushed;
  if (!isOurs && books.takesStrangers) return;
  const at = isOurs ? runs.points(run).indexOf(line) : -1;
  if (at < 0) {
    totals.foreign += 1;
    return example(books, `not as expected: ${line}`);
  }
  const slot = run * maxPointsOfRun + at;
  if ((arrived[slot] ?? 0) > 0) {
    totals.duplicates += 1;
    const earlier = deliveries.get(broughtBy[slot] ?? 0);
    if (earlier !== undefined && !isExplained(books, earlier)) {
      totals.unexplained += 1;
      example(books, `twice without a cause: ${line}`);
    }
  }
  arrived[slot] = Math.min(255, (arrived[slot] ?? 0) + 1);
  broughtBy[slot] = delivery.number;
  deliveries.set(delivery.number, delivery);
}

function isExplained({ disturbances }: Books, { fromMs, toMs, isSpoilt }: Delivery): boolean {
  if (isSpoilt || toMs === undefined || toMs - fromMs > patienceMs) return true;
  return disturbances.some((atMs) => atMs >= fromMs && atMs <= toMs + bookingMs);
}

function example({ examples }: Books, words: string): void {
  if (examples.length < maxExamples) examples.push(words);
}

function account(books: Books, isDeadLetter: (line: string) => boolean): Account {
  const { runs, pushed, owed, arrived, totals } = books;
  const sums = { owed: 0, lostPoints: 0, lostRuns: 0, torn: 0, deadLetters: 0 };
  for (let run = 0; run < pushed; run += 1) {
    const isOwed = owed[run] === 1;
    const missing = runs.points(run).filter((_, at) => (arrived[run * maxPointsOfRun + at] ?? 0) === 0);
    const dead = missing.filter(isDeadLetter);
    sums.owed += isOwed ? 1 : 0;
    sums.deadLetters += dead.length;
    const gone = missing.length - dead.length;
    if (gone === 0) continue;
    if (isOwed) {
      sums.lostPoints += gone;
      sums.lostRuns += 1;
      example(books, `answered 200 and lost: ${missing.find((line) => !isDeadLetter(line))}`);
    } else if (missing.length < runs.points(run).length) {
      sums.torn += 1;
      example(books, `in part only: ${missing[0]}`);
    }
  }
  return { pushed, ...totals, ...sums, examples: books.examples };
}
