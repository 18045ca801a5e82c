// Puts what was salvaged of a damaged store into the one that has taken its place, each thing once over any number of
// restarts, and nothing for a sink that is known to have finished it. What waited for a sink that is gone is held for it.

import { putRecord, refuseWhenFull } from './append.ts';
import { goneAtHead } from './gone-sinks.ts';
import type { Lost } from './lost.ts';
import { finish, isFinished, type Position } from './position.ts';
import { encodeRecord, pointOf, recordOf } from './record.ts';
import type { RetryRow } from './retries.ts';
import { isForMind, type SalvagedItem } from './salvaged-item.ts';
import { bytesBesideRecord, retriesOf, setPosition, type SpoolState } from './state.ts';

export interface Restorer {
  /** How many items, without those that are only kept in mind, are back already. */
  restored(): number;
  /**
   * Puts items back; resolves when that is on disk.
   *
   * @throws SpoolFull when there is no room for all of them; none is back then
   */
  put(items: readonly SalvagedItem[]): Promise<void>;
  /** Counts what is lost, and what had been counted in the damaged store, once; the salvage is at its end. */
  end(lost: Lost): Promise<void>;
  /** Whether it is, and only the note of it is missing beside the damaged store. */
  isEnded(): boolean;
  /** The sinks of the damaged store that are gone and for which something is held. */
  heldFor(): readonly string[];
}

/** Before the name of a salvage, in the meta data; behind it, how many items are back. */
const restored = 'restored ';
/** In place of the count of what is back. */
const ended = -1;

/** @param name - of the salvage; the same after a restart */
export function restorer(state: SpoolState, name: string): Restorer {
  const { store } = state;
  const counter = `${restored}${name}`;
  const positions = new Map<string, Position>();
  const counts = new Map<string, number>();
  return {
    restored: () => store.meta.get(counter) ?? 0,
    async put(items) {
      const counted = items.filter((item) => !isForMind(item)).length;
      for (const item of items) {
        if (item.kind === 'position') positions.set(item.sink, item.position);
        if (item.kind === 'count') counts.set(item.name, item.count);
      }
      if (counted === 0) return;
      const bytes = items.reduce((sum, item) => sum + bytesOf(item), 0);
      await undoingTaken(state, () => {
        refuseWhenFull(state, bytes, true);
        for (const [other, count] of counts) if (other.startsWith(restored)) goOnRestoring(state, other, count);
        for (const item of items) putBack(state, item, positions);
        store.meta.putSync(counter, (store.meta.get(counter) ?? 0) + counted);
      });
      for (const bell of state.bells) bell.ring();
    },
    end: (lost) =>
      store.write(() => {
        state.losses.add(lost);
        for (const [name, count] of counts) (name.startsWith(restored) ? goOnRestoring : goOnCounting)(state, name, count);
        store.meta.putSync(counter, ended);
      }),
    isEnded: () => store.meta.get(counter) === ended,
    heldFor: () => [...positions.keys()].filter((sink) => state.positions.get(sink)?.gone !== undefined),
  };
}

/** What is held of taken out records in memory is as before when a transaction has failed. */
async function undoingTaken({ store, taken }: SpoolState, change: () => void): Promise<void> {
  let before: ReadonlyMap<string, Position> | undefined;
  const undo = (): void => before?.forEach((position, sink) => taken.set(sink, position));
  try {
    await store.write(() => {
      undo();
      before ??= new Map(taken);
      change();
    });
  } catch (error) {
    undo();
    throw error;
  }
}

function bytesOf(item: SalvagedItem): number {
  if (item.kind === 'record' || item.kind === 'retry') return item.text.length + bytesBesideRecord;
  return item.kind === 'parked' ? item.row.payload.length : 0;
}

/** To be called inside a transaction. */
function putBack(state: SpoolState, item: SalvagedItem, positions: ReadonlyMap<string, Position>): void {
  switch (item.kind) {
    case 'record':
      return putRecordBack(state, item, positions);
    case 'retry':
      return putRetryBack(state, item, positions);
    case 'run':
      return state.runKeys.restore(item.key, item.digest);
    case 'parked':
      return state.parking.add({ waitsFor: item.waitsFor, payload: item.row.payload }, item.row.parkedAtMs);
    case 'letter':
      return state.deadLetters.restore(item.id, item.row);
    case 'position':
    case 'count':
  }
}

function goOnCounting({ losses, skipped }: SpoolState, name: string, count: number): void {
  const [what, of] = [name.slice(0, name.indexOf('-')), name.slice(name.indexOf('-') + 1)];
  if (what === 'lost') losses.add({ [of]: count });
  else skipped.add(of, count);
}

/** The damaged store had itself taken the place of another: what it held of that is not put back from there as well. */
function goOnRestoring({ store }: SpoolState, counter: string, count: number): void {
  const known = store.meta.get(counter) ?? 0;
  if (known !== ended && (count === ended || count > known)) store.meta.putSync(counter, count);
}

function putRetryBack(state: SpoolState, { sink, text }: Extract<SalvagedItem, { kind: 'retry' }>, old: ReadonlyMap<string, Position>): void {
  const { points, ...terms } = JSON.parse(text) as RetryRow;
  if (!isPresent(state, sink)) setPosition(state, sink, goneAtHead(state, sink, goneSinceMs(state, old.get(sink))));
  retriesOf(state, sink).add(points.map(pointOf), terms);
}

function isPresent({ positions }: SpoolState, sink: string): boolean {
  const position = positions.get(sink);
  return position !== undefined && position.gone === undefined;
}

function goneSinceMs({ clock }: SpoolState, position: Position | undefined): number {
  return position?.gone?.sinceMs ?? clock.now();
}

/** A record goes to the end of the new store; the sinks that have finished it have finished it there, too. */
function putRecordBack(state: SpoolState, { sequence, text }: Extract<SalvagedItem, { kind: 'record' }>, old: ReadonlyMap<string, Position>): void {
  const { positions, taken, head } = state;
  const present = [...positions].filter(([, { gone }]) => gone === undefined).map(([sink]) => sink);
  const done = present.filter((sink) => old.size > 0 && hasFinished(old.get(sink), sequence));
  const absent = [...old].filter(([sink, position]) => !isPresent(state, sink) && !isFinished(position, sequence));
  if (done.length === present.length && absent.length === 0) return;
  const held = absent.map(([sink, position]) => [sink, goneAtHead(state, sink, goneSinceMs(state, position))] as const);
  const { appendedAtMs, points } = recordOf(text);
  const amount = putRecord(state, encodeRecord(head.sequence + 1, { appendedAtMs, before: head.totals, points }), points.length);
  for (const [sink, { gone, ...position }] of held) {
    setPosition(state, sink, { ...position, gone: { sinceMs: gone.sinceMs, through: head.sequence, ...head.totals } });
  }
  for (const sink of done) {
    const moved = finish(positions.get(sink) as Position, [head.sequence, head.sequence], amount);
    setPosition(state, sink, moved);
    taken.set(sink, finish(taken.get(sink) ?? moved, [head.sequence, head.sequence], amount));
  }
}

/** A sink that the damaged store did not know begins with what is appended later. */
function hasFinished(position: Position | undefined, sequence: number): boolean {
  return position === undefined || isFinished(position, sequence);
}
