// Requeues dead letters into the retry set of the sink that rejected them. Requeue and delete are one transaction.

import type { DataPoint } from '../../model/point.ts';
import { rowOf } from '../log/payload.ts';
import type { StoredRetry } from '../state/change.ts';
import type { Store } from '../store.ts';
import { type Letter, type Letters, wholeInput } from './letters.ts';

export interface Requeued {
  readonly id: string;
  readonly sink?: string;
  /** The reason if it was not requeued. */
  readonly refused?: string;
}

/** Kinds of letters that hold a point and its sink. */
export const kindsOfPoints: readonly string[] = ['rejected', 'kept-too-long'];

/** A sink takes an entry of the retry set as a whole. */
const pointsPerEntry = 50;

export async function requeuePoints(
  store: Store,
  letters: Pick<Letters, 'get'>,
  ids: readonly string[],
): Promise<Requeued[]> {
  const points = new Map<string, DataPoint[]>();
  const removed: string[] = [];
  const requeued = [...new Set(ids)].map((id): Requeued => {
    const read = pointOf(store, letters.get(id));
    if ('refused' in read) return { id, refused: read.refused };
    points.set(read.sink, [...(points.get(read.sink) ?? []), read.point]);
    removed.push(id);
    return { id, sink: read.sink };
  });
  if (removed.length > 0) await store.commit({ noLetters: removed, retries: [...retriesOf(store, points)] });
  return requeued;
}

function* retriesOf(
  { state, clock }: Store,
  points: ReadonlyMap<string, readonly DataPoint[]>,
): Generator<StoredRetry> {
  const nowMs = clock.now();
  let sequence = state.nextRetry;
  for (const [sink, all] of points) {
    for (let first = 0; first < all.length; first += pointsPerEntry, sequence += 1) {
      const rows = all.slice(first, first + pointsPerEntry).map(rowOf);
      yield { sink, sequence, attempts: 0, firstKeptAtMs: nowMs, notBeforeMs: nowMs, points: rows };
    }
  }
}

type ReadPoint = { readonly sink: string; readonly point: DataPoint } | { readonly refused: string };

function pointOf({ state }: Store, letter: Letter | undefined): ReadPoint {
  if (letter === undefined) return { refused: 'it is not there any more' };
  const { kind, sink } = letter;
  if (!kindsOfPoints.includes(kind) || sink === undefined)
    return { refused: `a letter of the kind ${kind} holds no point of a sink` };
  const position = state.positions.get(sink);
  if (position === undefined || position.gone !== undefined)
    return { refused: `its sink, ${sink}, is not there any more` };
  const input = wholeInput(letter);
  if (input === undefined) return { refused: 'its contents do not fit its id: it was cut, or has been damaged' };
  return { sink, point: JSON.parse(input.toString()) as DataPoint };
}
