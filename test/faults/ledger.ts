// Records which runs were pushed, which are owed since their 200, and how often each point arrived.

import { maxPointsOfRun, type Runs } from './runs.ts';

/** A request whose points the receiver stored, or several that cannot be told apart. */
export interface Delivery {
  readonly number: number;
  readonly fromMs: number;
  /** The time of its answer; undefined before. */
  toMs: number | undefined;
  /** Its answer was lost or wrong, so the points may arrive again. */
  isSpoilt: boolean;
}

export interface Ledger {
  /** Returns the number of a new run. */
  next(): number;
  acknowledge(run: number): void;
  /** Records the arrival of a point, with a line as in Runs.points. */
  deliver(line: string, timestampMs: number, delivery: Delivery): void;
  /** Records a death of the bridge or of the receiver, after which points in flight may arrive again. */
  disturbed(atMs: number): void;
  isComplete(run: number): boolean;
  account(isDeadLetter: (line: string) => boolean): Account;
  counts(): { readonly pushed: number; readonly owed: number; readonly arrived: number };
}

export interface Account {
  readonly pushed: number;
  /** Answered 200. */
  readonly owed: number;
  /** Copies included. */
  readonly arrived: number;
  /** Points of owed runs that are neither at the receiver nor dead letters. */
  readonly lostPoints: number;
  readonly lostRuns: number;
  /** Runs without a 200 of which only some points arrived. */
  readonly torn: number;
  /** Points that are not expected of any pushed run. */
  readonly foreign: number;
  readonly duplicates: number;
  /** Copies without a cause. */
  readonly unexplained: number;
  readonly deadLetters: number;
  /** The first violations. */
  readonly examples: readonly string[];
}

/** The time within which the bridge records an answer. */
const recordMs = 2_000;
/** Less than the bridge's timeout of 15 s. */
const timeoutMs = 14_000;
const maxExamples = 8;

interface LedgerState {
  readonly runs: Runs;
  readonly ignoresOthers: boolean;
  pushed: number;
  owed: Uint8Array;
  arrived: Uint8Array;
  /** The number of the last delivery of each point. */
  broughtBy: Uint32Array;
  readonly deliveries: Map<number, Delivery>;
  readonly disturbances: number[];
  readonly totals: { arrived: number; foreign: number; duplicates: number; unexplained: number };
  readonly examples: string[];
}

/** @param ignoresOthers - ignores points of runs that are not of this ledger */
export function openLedger(runs: Runs, { ignoresOthers = false }: { readonly ignoresOthers?: boolean } = {}): Ledger {
  const books: LedgerState = {
    runs,
    ignoresOthers,
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

function grow(books: LedgerState): void {
  const larger = <T extends Uint8Array | Uint32Array>(bigger: T, old: T): T => {
    bigger.set(old);
    return bigger;
  };
  books.owed = larger(new Uint8Array(books.owed.length * 2), books.owed);
  books.arrived = larger(new Uint8Array(books.arrived.length * 2), books.arrived);
  books.broughtBy = larger(new Uint32Array(books.broughtBy.length * 2), books.broughtBy);
}

function deliver(books: LedgerState, line: string, timestampMs: number, delivery: Delivery): void {
  const { runs, totals, arrived, broughtBy, deliveries } = books;
  totals.arrived += 1;
  const run = runs.runAt(timestampMs);
  const isOurs = run >= 0 && run < books.pushed;
  if (!isOurs && books.ignoresOthers) return;
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

function isExplained({ disturbances }: LedgerState, { fromMs, toMs, isSpoilt }: Delivery): boolean {
  if (isSpoilt || toMs === undefined || toMs - fromMs > timeoutMs) return true;
  return disturbances.some((atMs) => atMs >= fromMs && atMs <= toMs + recordMs);
}

function example({ examples }: LedgerState, text: string): void {
  if (examples.length < maxExamples) examples.push(text);
}

function account(books: LedgerState, isDeadLetter: (line: string) => boolean): Account {
  const { runs, pushed, owed, arrived, totals } = books;
  const sums = { owed: 0, lostPoints: 0, lostRuns: 0, torn: 0, deadLetters: 0 };
  for (let run = 0; run < pushed; run += 1) {
    const isOwed = owed[run] === 1;
    const missing = runs.points(run).filter((_, at) => (arrived[run * maxPointsOfRun + at] ?? 0) === 0);
    const dead = missing.filter(isDeadLetter);
    sums.owed += isOwed ? 1 : 0;
    sums.deadLetters += dead.length;
    const lost = missing.length - dead.length;
    if (lost === 0) continue;
    if (isOwed) {
      sums.lostPoints += lost;
      sums.lostRuns += 1;
      example(books, `answered 200 and lost: ${missing.find((line) => !isDeadLetter(line))}`);
    } else if (missing.length < runs.points(run).length) {
      sums.torn += 1;
      example(books, `in part only: ${missing[0]}`);
    }
  }
  return { pushed, ...totals, ...sums, examples: books.examples };
}
