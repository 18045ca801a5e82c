// Carries over into the log everything in the legacy store but its records: letters, retries, parked measurements,
// positions, run keys and counts. It precedes every other append, and takes effect once its last frame is durable
// (legacy-phase.ts).

import type { Log } from '../../runtime/log.ts';
import type { Totals } from '../log/format.ts';
import { rowOf } from '../log/payload.ts';
import { type Losses, noLosses } from '../losses.ts';
import type { FinishedRange, Position } from '../readers/position.ts';
import type { Change, DamagedGroup, StoredLetter, StoredParked, StoredRetry } from '../state/change.ts';
import type { Store } from '../store.ts';
import type { LegacyPosition } from './lmdb/format.ts';
import type { LegacyItem } from './lmdb/items.ts';
import type { LegacyStore } from './lmdb/store.ts';
import { restoreRun, storeRuns } from './run-keys.ts';

export interface CarryOverOptions {
  readonly store: Store;
  readonly legacy: LegacyStore;
  readonly end: Totals;
  readonly log: Log | undefined;
  /** The positions that sinks have reached while the carry-over was deferred. */
  readonly moved: ReadonlyMap<string, Position>;
}

/** The parts of the next frame's change. */
interface Frame {
  positions?: Record<string, Position>;
  skipped?: Record<string, number>;
  damaged?: DamagedGroup[];
  letters?: StoredLetter[];
  parked?: StoredParked[];
  retries?: StoredRetry[];
}

interface CarryOver extends CarryOverOptions {
  frame: Frame;
  frameCharacters: number;
  /** Frames appended. */
  frames: number;
  readonly lost: { -readonly [name in keyof Losses]: number };
  readonly samples: StoredLetter[];
  /** Descriptions of damaged entries. */
  readonly damage: string[];
  /** Some damage cannot be counted. */
  isUncounted: boolean;
  /** A frame that is not durable. Later frames must not count without it. */
  failure: Error | undefined;
}

/** A read of one item reads its whole frame. */
const maxFrameCharacters = 32_768;
/** Bounds the memory: after so many frames, the carry-over waits until they are durable. */
const framesInFlight = 8;
const maxLoggedDamage = 20;
const charactersPerPoint = 100;

/** @throws SpoolFull, the disk's error, or LegacyStoreUnreadable; nothing counts then */
export async function carryOver(options: CarryOverOptions): Promise<void> {
  const { store, legacy, end, moved } = options;
  const state: CarryOver = {
    ...options,
    frame: {},
    frameCharacters: 0,
    frames: 0,
    lost: { ...noLosses },
    samples: [],
    damage: [],
    isUncounted: false,
    failure: undefined,
  };
  // One frame: sinks that have moved on read from these positions meanwhile.
  await append(state, { former: { phase: 'begun', end }, positions: Object.fromEntries(moved) });
  for await (const item of legacy.items()) {
    add(state, item);
    if (state.frameCharacters >= maxFrameCharacters) await appendFrame(state);
  }
  await appendFrame(state);
  await appendSamples(state);
  logDamage(state);
  await append(state, { lost: { ...state.lost, uncounted: state.lost.uncounted + Number(state.isUncounted) } });
  await storeRuns(store);
  await durable(state);
  await store.commit({ former: { phase: 'carried', end } });
}

/** Reads only the positions. */
export async function positionsOf({
  legacy,
  end,
}: Pick<CarryOverOptions, 'legacy' | 'end'>): Promise<Map<string, Position>> {
  const positions = new Map<string, Position>();
  for await (const item of legacy.items()) {
    if (item.kind === 'position') positions.set(item.sink, positionIn(item.position, end));
    else if (item.kind !== 'damaged') break;
  }
  return positions;
}

function add(state: CarryOver, item: LegacyItem): void {
  const { frame, store, end, moved } = state;
  switch (item.kind) {
    case 'position':
      if (!moved.has(item.sink)) (frame.positions ??= {})[item.sink] = positionIn(item.position, end);
      return;
    case 'count':
      return addCount(state, item.name, item.count);
    case 'run':
      return restoreRun(store.dedup, item);
    case 'letter':
      (frame.letters ??= []).push({ id: item.id, ...item.row });
      state.frameCharacters += item.row.raw.length;
      return;
    case 'sample':
      state.samples.push({ id: item.id, ...item.row });
      return;
    case 'retry': {
      const { sink, sequence, row } = item;
      (frame.retries ??= []).push({ sink, sequence, ...row, points: row.points.map(rowOf) });
      state.frameCharacters += row.points.length * charactersPerPoint;
      return;
    }
    case 'parked':
      (frame.parked ??= []).push({ waitsFor: item.waitsFor, sequence: item.sequence, ...item.row });
      state.frameCharacters += item.row.payload.length;
      return;
    case 'damaged':
      addDamage(state, item.what);
  }
}

/** The legacy store has no point counts of finished ranges; a range gets its share of all points. */
function positionIn({ finished, ...position }: LegacyPosition, end: Totals): Position {
  const ranges = finished.map(([from, through]): FinishedRange => {
    const share = (through - from + 1) / Math.max(1, end.records);
    return [from, through, Math.round(end.points * share), Math.round(end.bytes * share)];
  });
  return { ...position, finished: ranges };
}

/** A damaged record is appended as a group, which is a loss itself. The `lost-` counts include it, too. */
function addCount({ frame, lost }: CarryOver, name: string, count: number): void {
  const [, kind, of = ''] = /^(skipped-|lost-|damaged )(.*)$/s.exec(name) ?? [];
  if (kind === 'skipped-') (frame.skipped ??= {})[of] = count;
  if (kind === 'lost-' && Object.hasOwn(lost, of)) lost[of as keyof Losses] += count;
  if (kind !== 'damaged ') return;
  (frame.damaged ??= []).push({ group: -Number(of), records: 1, points: count });
  lost.records -= 1;
  lost.points -= count;
}

/** A damaged position is not a loss: the sink begins at the first record. */
function addDamage(state: CarryOver, what: string): void {
  const { lost, damage } = state;
  damage.push(what);
  const database = /^(retries|parked|dead-letters): .*is not what was put there$/.exec(what)?.[1];
  if (database === 'retries') lost.retries += 1;
  else if (database === 'parked') lost.parked += 1;
  else if (database === 'dead-letters') lost.deadLetters += 1;
  else if (!/^(positions|malformed|runs-\d): /.test(what)) state.isUncounted = true;
}

function logDamage({ damage, log }: CarryOver): void {
  for (const finding of damage.slice(0, maxLoggedDamage))
    log?.error({ finding }, 'the store of an earlier version is not as it was written');
  if (damage.length > maxLoggedDamage)
    log?.error(
      { findings: damage.length },
      'the store of an earlier version is not as it was written, in so many places',
    );
}

/** Appends the samples in the order of their last time, since the spool drops the first ones first. */
async function appendSamples(state: CarryOver): Promise<void> {
  let samples: StoredLetter[] = [];
  let characters = 0;
  for (const sample of state.samples.toSorted((a, b) => a.lastAtMs - b.lastAtMs)) {
    samples.push(sample);
    characters += sample.raw.length;
    if (characters < maxFrameCharacters) continue;
    await append(state, { samples });
    [samples, characters] = [[], 0];
  }
  if (samples.length > 0) await append(state, { samples });
}

async function appendFrame(state: CarryOver): Promise<void> {
  const { frame } = state;
  [state.frame, state.frameCharacters] = [{}, 0];
  if (Object.keys(frame).length > 0) await append(state, frame);
}

async function append(state: CarryOver, change: Change): Promise<void> {
  const { store, end } = state;
  const whole: Change = { former: { phase: 'carrying', end }, ...change };
  if (!store.hasRoomFor(JSON.stringify(whole).length)) await store.preallocateSegment();
  if (state.failure !== undefined) throw state.failure;
  store.append({ change: whole });
  store.whenDurable(
    () => {},
    (error) => void (state.failure ??= error),
  );
  state.frames += 1;
  if (state.frames % framesInFlight === 0) await durable(state);
}

async function durable(state: CarryOver): Promise<void> {
  await state.store.durable();
  if (state.failure !== undefined) throw state.failure;
}
