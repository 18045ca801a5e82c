// Puts points that became dead letters back for the sink that would not take them: into its retry set, the same to the byte, in one
// frame with the removal of their letters.

import type { DataPoint } from '../../model/point.ts';
import type { StoredRetry } from '../state/change.ts';
import { type Letter, type Letters, wholeInput } from './list.ts';
import { rowOf } from '../log/payload.ts';
import type { Store } from '../store.ts';

export interface Requeued {
  readonly id: string;
  readonly sink?: string;
  /** Why it stays where it is; undefined: it is back. */
  readonly refused?: string;
}

/** Kinds of letters that hold a point and name its sink. */
export const kindsOfPoints: readonly string[] = ['rejected', 'kept-too-long'];

/** The points go in entries of so many at most, which a sink takes at once. */
const pointsAnEntry = 50;

export async function requeuePoints(
  store: Store,
  letters: Pick<Letters, 'get'>,
  ids: readonly string[],
): Promise<Requeued[]> {
  const points = new Map<string, DataPoint[]>();
  const gone: string[] = [];
  const returned = [...new Set(ids)].map((id): Requeued => {
    const read = pointOf(store, letters.get(id));
    if ('refused' in read) return { id, refused: read.refused };
    points.set(read.sink, [...(points.get(read.sink) ?? []), read.point]);
    gone.push(id);
    return { id, sink: read.sink };
  });
  if (gone.length > 0) await store.commit({ noLetters: gone, retries: [...retriesOf(store, points)] });
  return returned;
}

function* retriesOf(
  { state, clock }: Store,
  points: ReadonlyMap<string, readonly DataPoint[]>,
): Generator<StoredRetry> {
  const nowMs = clock.now();
  let sequence = state.nextRetry;
  for (const [sink, all] of points) {
    for (let first = 0; first < all.length; first += pointsAnEntry, sequence += 1) {
      yield {
        sink,
        sequence,
        attempts: 0,
        firstKeptAtMs: nowMs,
        notBeforeMs: nowMs,
        points: all.slice(first, first + pointsAnEntry).map(rowOf),
      };
    }
  }
}

type Read = { readonly sink: string; readonly point: DataPoint } | { readonly refused: string };

function pointOf({ state }: Store, letter: Letter | undefined): Read {
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
