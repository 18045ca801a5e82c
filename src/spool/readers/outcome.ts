// Records the outcome of a batch or a retry: letters, kept points and the finished range, in one frame.

import type { AddressedLetter } from '../dead-letters/dead-letters.ts';
import { type Bounds, countLetters, hasRoomForLetters, newLetter } from '../deliver.ts';
import { rowOf } from '../log/payload.ts';
import type { DataPoint } from '../../model/point.ts';
import type { Change } from '../state/change.ts';
import type { Store } from '../store.ts';
import { type Batch, isWanted, positionOf, type Retry } from './batches.ts';
import { hasRoomForRetries } from './budgets.ts';
import { finishRest, type Position } from './position.ts';

/** The letters, and the points to retry, of a batch or retry that was not accepted as a whole. */
export interface Outcome {
  readonly letters: readonly AddressedLetter[];
  /** Points to retry. */
  readonly kept: readonly DataPoint[];
  /** Delay of the retry from now on, by the steady clock. */
  readonly pauseMs: number;
}

export interface OutcomeOptions {
  readonly store: Store;
  readonly bounds: Bounds;
  readonly sinkName: string;
}

/** A batch or retry without its points, as threads send it. */
export type FinishedBatch = Pick<Batch, 'range' | 'damage'>;
export type FinishedRetry = Omit<Retry, 'points'>;

/** Resolves when letters and kept points are durable; at once if there are none. */
export async function finishBatch(options: OutcomeOptions, batch: FinishedBatch, outcome: Outcome): Promise<void> {
  const { store, sinkName } = options;
  const isDropped = !isWanted(options, batch);
  const change = changeOf(options, outcome, { attempts: 1, firstKeptAtMs: store.clock.now(), isDropped });
  const damaged = batch.damage
    .filter(({ records }) => records > 0)
    .map(({ group, records, points }) => ({ group, records, points }));
  if (change !== undefined || damaged.length > 0) {
    const finish = isDropped ? {} : { finish: { sink: sinkName, range: batch.range } };
    await commit(options, { ...change, ...finish, ...(damaged.length > 0 && { damaged }) });
  } else if (!isDropped) {
    const position = finishRest(positionOf(options), batch.range);
    store.state.positions.set(sinkName, withoutRest(store, position));
    store.positionMoved(sinkName);
  }
}

/** Estimates of damaged records may leave a rest. Once everything is finished, the backlog is 0. */
function withoutRest(store: Store, position: Position): Position {
  const { records, points, bytes } = store.totals();
  return position.through < records ? position : { ...position, points, bytes };
}

/** Resolves when the outcome is durable. */
export async function finishRetry(options: OutcomeOptions, retry: FinishedRetry, outcome: Outcome): Promise<void> {
  const { sequence, attempts, firstKeptAtMs } = retry;
  const isDropped = !isWanted(options, retry);
  const change = changeOf(options, outcome, { attempts: attempts + 1, firstKeptAtMs, isDropped });
  await commit(options, { ...change, noRetries: [[options.sinkName, sequence]] });
}

async function commit({ store, bounds }: OutcomeOptions, change: Change): Promise<void> {
  await store.commit(change);
  countLetters(bounds, change);
}

interface RetryTerms {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  /** True if the batch or retry was dropped meanwhile; then no point is kept. */
  readonly isDropped: boolean;
}

/** Returns undefined if the outcome changes nothing. */
function changeOf(
  { store, bounds, sinkName }: OutcomeOptions,
  { letters, kept, pauseMs }: Outcome,
  { isDropped, attempts, firstKeptAtMs }: RetryTerms,
): Change | undefined {
  if (letters.length === 0 && (kept.length === 0 || isDropped)) return undefined;
  const nowMs = store.clock.now();
  const hasLetters = letters.length > 0 && hasRoomForLetters(store, bounds, sinkName);
  const hasKept = kept.length > 0 && !isDropped && hasRoomForRetries(store, bounds.budgets, sinkName);
  const skipped = (hasLetters ? 0 : letters.length) + (hasKept || isDropped ? 0 : kept.length);
  const retry = {
    sink: sinkName,
    sequence: store.state.nextRetry,
    attempts,
    firstKeptAtMs,
    notBeforeMs: nowMs + pauseMs,
  };
  return {
    ...(hasLetters && { letters: letters.map((letter) => newLetter(letter, nowMs)) }),
    ...(hasKept && { retries: [{ ...retry, points: kept.map(rowOf) }] }),
    ...(skipped > 0 && { skipped: { [sinkName]: skipped } }),
  };
}
