// A change of what the spool knows beside its records, as it stands in the log: every one of them is in a frame before it counts.

import type { LegacyChange } from '../legacy-phase.ts';
import type { PointRow } from '../log/payload.ts';
import type { Losses } from '../losses.ts';
import type { FinishedRange, Position } from '../readers/position.ts';

/** A dead letter, or the sample of a malformed body. */
export interface StoredLetter {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  readonly raw: string;
  /** Of `raw`, where it is no text. */
  readonly encoding?: 'base64';
  /** The sink that refused it, where it was one. */
  readonly sink?: string;
  /** The address that a malformed body came from last. */
  readonly from?: string;
  /** ms since 1970 UTC */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly times: number;
}

/** A measurement that waits for its node. */
export interface StoredParked {
  readonly waitsFor: string;
  readonly sequence: number;
  readonly parkedAtMs: number;
  readonly payload: string;
}

/** Points that a sink could not take at the time. */
export interface StoredRetry {
  readonly sink: string;
  readonly sequence: number;
  /** How often they were tried. */
  readonly attempts: number;
  /** ms since 1970 UTC */
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
  readonly points: readonly PointRow[];
}

/** A group of which something could not be read, and how much in all. */
export interface DamagedGroup {
  readonly group: number;
  readonly records: number;
  readonly points: number;
}

/** What is absent does not change. Everything in it is put into effect in the order of its members. */
export interface Change {
  /** Ids of dead letters and samples that go. */
  readonly noLetters?: readonly string[];
  readonly noParked?: readonly (readonly [waitsFor: string, sequence: number])[];
  readonly noRetries?: readonly (readonly [sink: string, sequence: number])[];
  /** Put down; one that is there counts once more. */
  readonly letters?: readonly StoredLetter[];
  readonly samples?: readonly StoredLetter[];
  readonly parked?: readonly StoredParked[];
  readonly retries?: readonly StoredRetry[];
  /** What it puts down was there before and stands here now: nothing counts once more. */
  readonly isMove?: true;
  /** A range that a sink has finished. */
  readonly finish?: { readonly sink: string; readonly range: FinishedRange };
  /** Where sinks stand; null: forgotten. */
  readonly positions?: Readonly<Record<string, Position | null>>;
  /** Sinks whose retry sets are emptied. */
  readonly emptied?: readonly string[];
  /** Points that optional sinks have missed. */
  readonly skipped?: Readonly<Record<string, number>>;
  readonly lost?: Partial<Losses>;
  readonly damaged?: readonly DamagedGroup[];
  /** Last groups that were torn or damaged, and were kept aside. */
  readonly suspectTails?: number;
  /** How far it is with the store of an earlier version. */
  readonly former?: LegacyChange;
}
