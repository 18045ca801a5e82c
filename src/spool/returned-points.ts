// Puts points that became dead letters back for the sink that would not take them: into its retry set, the same to the byte, in one
// step with the removal of their letters.

import type { DataPoint } from '../point.ts';
import { type Letter, wholeInput } from './letters.ts';
import { retriesOf, type SpoolState } from './state.ts';

export interface Returned {
  readonly id: string;
  readonly sink?: string;
  /** Why it stays where it is; undefined: it is back. */
  readonly refused?: string;
}

/** Kinds of letters that hold a point and name its sink. */
export const kindsOfPoints: readonly string[] = ['rejected', 'kept-too-long'];

/** The points go in entries of so many at most, which a sink takes at once. */
const pointsAnEntry = 50;

export async function returnPoints(state: SpoolState, ids: readonly string[]): Promise<Returned[]> {
  const returned = await state.store.write(() => returnAll(state, ids));
  for (const bell of state.bells) bell.ring();
  return returned;
}

/** To be called inside a transaction. */
function returnAll(state: SpoolState, ids: readonly string[]): Returned[] {
  const points = new Map<string, DataPoint[]>();
  const returned = [...new Set(ids)].map((id): Returned => {
    const read = pointOf(state, state.letters.get(id));
    if ('refused' in read) return { id, refused: read.refused };
    points.set(read.sink, [...(points.get(read.sink) ?? []), read.point]);
    state.letters.remove(id);
    return { id, sink: read.sink };
  });
  const nowMs = state.clock.now();
  for (const [sink, all] of points) {
    for (let first = 0; first < all.length; first += pointsAnEntry) {
      const entry = all.slice(first, first + pointsAnEntry);
      retriesOf(state, sink).add(entry, { attempts: 0, firstKeptAtMs: nowMs, notBeforeMs: nowMs });
    }
  }
  return returned;
}

type Read = { readonly sink: string; readonly point: DataPoint } | { readonly refused: string };

function pointOf({ positions }: SpoolState, letter: Letter | undefined): Read {
  if (letter === undefined) return { refused: 'it is not there any more' };
  const { kind, sink } = letter;
  if (!kindsOfPoints.includes(kind) || sink === undefined) return { refused: `a letter of the kind ${kind} holds no point of a sink` };
  const position = positions.get(sink);
  if (position === undefined || position.gone !== undefined) return { refused: `its sink, ${sink}, is not there any more` };
  const input = wholeInput(letter);
  if (input === undefined) return { refused: 'its contents do not fit its id: it was cut, or has been damaged' };
  return { sink, point: JSON.parse(input.toString()) as DataPoint };
}
