// A change of the spool's state, as stored in a frame. It counts once its frame is durable.

import type { LegacyChange } from '../legacy-phase.ts';
import type { PointRow } from '../log/payload.ts';
import type { Losses } from '../losses.ts';
import type { FinishedRange, Position } from '../readers/position.ts';

/** A dead letter, or a sample of a malformed body. Times are in ms since 1970 UTC. */
export interface StoredLetter {
  readonly id: string;
  readonly kind: string;
  readonly reason: string;
  readonly raw: string;
  /** The encoding of `raw` if the body is not text. */
  readonly encoding?: 'base64';
  /** The sink that rejected the point. */
  readonly sink?: string;
  /** The last sender of a malformed body. */
  readonly from?: string;
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

/** An entry of a sink's retry set. Times are in ms since 1970 UTC. */
export interface StoredRetry {
  readonly sink: string;
  readonly sequence: number;
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  readonly notBeforeMs: number;
  readonly points: readonly PointRow[];
}

/** The unreadable records of a group, and the points in them. */
export interface DamagedGroup {
  readonly group: number;
  readonly records: number;
  readonly points: number;
}

/** Members are applied in this order. Only `former: begun` comes first: it empties the state. */
export interface Change {
  /** Deleted dead letters and samples. */
  readonly noLetters?: readonly string[];
  readonly noParked?: readonly (readonly [waitsFor: string, sequence: number])[];
  readonly noRetries?: readonly (readonly [sink: string, sequence: number])[];
  /** Added letters. If the id exists, its `times` is increased. */
  readonly letters?: readonly StoredLetter[];
  readonly samples?: readonly StoredLetter[];
  readonly parked?: readonly StoredParked[];
  readonly retries?: readonly StoredRetry[];
  /** Set by compaction: the entries exist and only move to this frame. */
  readonly isMove?: true;
  readonly finish?: { readonly sink: string; readonly range: FinishedRange };
  /** null: the sink is removed. */
  readonly positions?: Readonly<Record<string, Position | null>>;
  /** Sinks whose retry sets are cleared. */
  readonly emptied?: readonly string[];
  /** Points that optional sinks have missed. */
  readonly skipped?: Readonly<Record<string, number>>;
  readonly lost?: Partial<Losses>;
  readonly damaged?: readonly DamagedGroup[];
  /** Torn or damaged last groups that were set aside. */
  readonly suspectTails?: number;
  /** The phase of the legacy store. */
  readonly former?: LegacyChange;
}
