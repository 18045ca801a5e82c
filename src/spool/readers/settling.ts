// Writes down what became of a batch, or of points of the retry set.

import type { DataPoint } from '../../model/point.ts';
import { type Batch, isWanted, positionOf, type Retry } from './batches.ts';
import { hasRoomForRetries } from './budgets.ts';
import type { Change, DamagedGroup } from '../state/change.ts';
import type { AddressedLetter } from '../dead-letters/dead-letters.ts';
import { type Bounds, hasRoomForLetters, newLetter } from '../deliver.ts';
import { rowOf } from '../log/payload.ts';
import { finishRest, type Position } from './position.ts';
import type { Store } from '../store.ts';

/** What became of points that were not accepted. */
export interface Outcome {
  readonly letters: readonly AddressedLetter[];
  /** To be written again. */
  readonly kept: readonly DataPoint[];
  /** How long they wait for that, from when they are settled: a clock that is set meanwhile changes nothing. */
  readonly pauseMs: number;
}

export interface SettlingOptions {
  readonly store: Store;
  readonly bounds: Bounds;
  readonly sinkName: string;
}

/** What is settled: of a batch its range and what could not be read of it, of a retry all but the points. */
export type Settled = Pick<Batch, 'range' | 'damage'>;
export type SettledRetry = Omit<Retry, 'points'>;

/** Resolves when that which has to be kept is durable; where nothing has to be, at once. */
export async function finishBatch(options: SettlingOptions, batch: Settled, outcome: Outcome): Promise<void> {
  const { store, sinkName } = options;
  const isDropped = !isWanted(options, batch as Batch);
  const consequences = changeOf(options, outcome, { attempts: 1, firstKeptAtMs: store.clock.now(), isDropped });
  const damaged: DamagedGroup[] = batch.damage
    .filter(({ records }) => records > 0)
    .map(({ group, records, points }) => ({ group, records, points }));
  if (consequences !== undefined || damaged.length > 0) {
    const finished = isDropped ? {} : { finish: { sink: sinkName, range: batch.range } };
    await commit(options, { ...consequences, ...finished, ...(damaged.length > 0 && { damaged }) });
  } else if (!isDropped) {
    const position = positionOf(options);
    store.state.positions.set(sinkName, squared(store, finishRest(position, batch.range)));
    store.moved(sinkName);
  }
}

/** Once everything is finished, nothing waits, whatever was counted of what is damaged. */
function squared(store: Store, position: Position): Position {
  const { records, points, bytes } = store.totals();
  return position.through < records ? position : { ...position, points, bytes };
}

/** Resolves when it is durable. */
export async function finishRetry(options: SettlingOptions, retry: SettledRetry, outcome: Outcome): Promise<void> {
  const isDropped = !isWanted(options, retry as Retry);
  const change = changeOf(options, outcome, {
    attempts: retry.attempts + 1,
    firstKeptAtMs: retry.firstKeptAtMs,
    isDropped,
  });
  await commit(options, { ...change, noRetries: [[options.sinkName, retry.sequence]] });
}

async function commit({ store, bounds }: SettlingOptions, change: Change): Promise<void> {
  await store.commit(change);
  for (const { kind } of change.letters ?? []) bounds.lettersAdded.set(kind, (bounds.lettersAdded.get(kind) ?? 0) + 1);
}

interface Terms {
  readonly attempts: number;
  readonly firstKeptAtMs: number;
  /** Dropped meanwhile: what was kept is not wanted any more. */
  readonly isDropped: boolean;
}

/** What an outcome changes; undefined: nothing. */
function changeOf(
  { store, bounds, sinkName }: SettlingOptions,
  { letters, kept, pauseMs }: Outcome,
  { isDropped, attempts, firstKeptAtMs }: Terms,
): Change | undefined {
  if (letters.length === 0 && (kept.length === 0 || isDropped)) return undefined;
  const nowMs = store.clock.now();
  const hasLetters = letters.length > 0 && hasRoomForLetters(store, bounds, sinkName);
  const hasKept = kept.length > 0 && !isDropped && hasRoomForRetries(store, bounds.budgets, sinkName);
  const skipped = (hasLetters ? 0 : letters.length) + (hasKept || isDropped ? 0 : kept.length);
  return {
    ...(hasLetters && { letters: letters.map((letter) => newLetter(letter, nowMs)) }),
    ...(hasKept && {
      retries: [
        {
          sink: sinkName,
          sequence: store.state.nextRetry,
          attempts,
          firstKeptAtMs,
          notBeforeMs: nowMs + pauseMs,
          points: kept.map(rowOf),
        },
      ],
    }),
    ...(skipped > 0 && { skipped: { [sinkName]: skipped } }),
  };
}
