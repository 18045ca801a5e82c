// Carries over into the log what the store of an earlier version holds beside its records: letters, retries, what is parked, positions,
// run keys and counts. It is done before anything else is appended, and counts when its last frame is durable (former-phase.ts).

import { existsSync } from 'node:fs';
import type { Log } from '../../runtime/log.ts';
import type { Change, DamagedGroup, StoredLetter, StoredParked, StoredRetry } from '../state/change.ts';
import { legacySegment, storedFrom } from '../dedup/dedup.ts';
import type { LegacyItem } from './lmdb/items.ts';
import type { LegacyStore } from './lmdb/store.ts';
import type { LegacyPosition } from './lmdb/format.ts';
import type { Totals } from '../log/format.ts';
import { rowOf } from '../log/payload.ts';
import { runKeysPath } from '../log/segment-files.ts';
import { type Losses, noLosses } from '../losses.ts';
import type { FinishedRange, Position } from '../readers/position.ts';
import { SpoolFull } from '../spool-full.ts';
import type { Store } from '../store.ts';

export interface CarryingOver {
  readonly store: Store;
  readonly former: LegacyStore;
  readonly end: Totals;
  readonly log: Log | undefined;
  /** Where sinks stand that have gone on already, while there was no room for this. */
  readonly moved: ReadonlyMap<string, Position>;
}

/** What is to be appended in the next frame. */
interface Frame {
  positions: Record<string, Position>;
  skipped: Record<string, number>;
  damaged: DamagedGroup[];
  letters: StoredLetter[];
  parked: StoredParked[];
  retries: StoredRetry[];
  characters: number;
}

interface Carrying extends CarryingOver {
  frame: Frame;
  frames: number;
  readonly lost: { -readonly [name in keyof Losses]: number };
  readonly samples: StoredLetter[];
  /** What is damaged, in words. */
  readonly damage: string[];
  /** Whether it is not known of all of it how much that was. */
  isUncounted: boolean;
  /** Why a frame is not durable: the log goes on without it, and what comes behind must not count. */
  failure: Error | undefined;
}

/** Of a frame, without the last item: each item is read again with its whole frame. */
const mostCharacters = 32_768;
/** Then it is waited for until they are durable: nothing grows in memory. */
const framesAtOnce = 8;
const mostTold = 20;

/** @throws SpoolFull, the disk's error, and FormerStoreUnreadable; then nothing of it counts */
export async function carryOver(options: CarryingOver): Promise<void> {
  const { store, former, end } = options;
  const carrying: Carrying = {
    ...options,
    frame: emptyFrame(),
    frames: 0,
    lost: { ...noLosses },
    samples: [],
    damage: [],
    isUncounted: false,
    failure: undefined,
  };
  // In one step: sinks that have gone on already go on meanwhile.
  await put(carrying, { former: { phase: 'begun', end }, positions: Object.fromEntries(options.moved) });
  for await (const item of former.items()) {
    take(carrying, item);
    if (carrying.frame.characters >= mostCharacters) await putFrame(carrying);
  }
  await putFrame(carrying);
  await putSamples(carrying);
  tell(carrying);
  await put(carrying, {
    lost: { ...carrying.lost, uncounted: carrying.lost.uncounted + Number(carrying.isUncounted) },
  });
  await keepRuns(store);
  await durable(carrying);
  await store.commit({ former: { phase: 'carried', end } });
}

/** Writes the run keys down, if there is room; until then they are read again at every start. */
export async function keepRuns({ dedup }: Store): Promise<void> {
  await dedup.persistFormer().catch((error: unknown) => {
    if (!isLackOfRoom(error)) throw error;
  });
}

export function isLackOfRoom(error: unknown): boolean {
  return error instanceof SpoolFull || ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Reads the run keys again where they could not be written down. */
export async function restoreRuns({ dedup }: Store, former: LegacyStore, directory: string): Promise<void> {
  if (existsSync(runKeysPath(directory, legacySegment))) return;
  for await (const item of former.items()) {
    if (item.kind === 'run') restoreRun(dedup, item);
    else if (afterRuns.includes(item.kind)) return;
  }
}

const afterRuns: readonly LegacyItem['kind'][] = ['retry', 'parked', 'letter', 'sample'];

/** The sixteen characters of its hash stand behind the seven of its second. */
function restoreRun(dedup: Store['dedup'], { key, digest, generation }: Extract<LegacyItem, { kind: 'run' }>): void {
  dedup.restore(storedFrom(key.slice(secondDigits), digest), legacySegment, (generation + 1) * hourMs - 1);
}

/** The positions alone: for as long as there is no room for the rest. */
export async function positionsOf({
  former,
  end,
}: Pick<CarryingOver, 'former' | 'end'>): Promise<Map<string, Position>> {
  const positions = new Map<string, Position>();
  for await (const item of former.items()) {
    if (item.kind === 'position') positions.set(item.sink, positionIn(item.position, end));
    else if (item.kind !== 'damaged') break;
  }
  return positions;
}

function emptyFrame(): Frame {
  return { positions: {}, skipped: {}, damaged: [], letters: [], parked: [], retries: [], characters: 0 };
}

function take(carrying: Carrying, item: LegacyItem): void {
  const { frame, store, end, moved } = carrying;
  switch (item.kind) {
    case 'position':
      if (!moved.has(item.sink)) frame.positions[item.sink] = positionIn(item.position, end);
      return;
    case 'count':
      return count(carrying, item.name, item.count);
    case 'run':
      return restoreRun(store.dedup, item);
    case 'letter':
      frame.letters.push({ id: item.id, ...item.row });
      frame.characters += item.row.raw.length;
      return;
    case 'sample':
      carrying.samples.push({ id: item.id, ...item.row });
      return;
    case 'retry':
      frame.retries.push({ sink: item.sink, sequence: item.sequence, ...item.row, points: item.row.points.map(rowOf) });
      frame.characters += item.row.points.length * charactersAPoint;
      return;
    case 'parked':
      frame.parked.push({ waitsFor: item.waitsFor, sequence: item.sequence, ...item.row });
      frame.characters += item.row.payload.length;
      return;
    case 'damaged':
      damaged(carrying, item.what);
  }
}

const secondDigits = 7;
const hourMs = 3_600_000;
const charactersAPoint = 100;

/** How many points there were in what was finished out of order is not known there: as many as in other records. */
function positionIn({ finished, ...position }: LegacyPosition, end: Totals): Position {
  const ranges = finished.map(([from, through]): FinishedRange => {
    const share = (through - from + 1) / Math.max(1, end.records);
    return [from, through, Math.round(end.points * share), Math.round(end.bytes * share)];
  });
  return { ...position, finished: ranges };
}

/** Counts of `lost-` are put down once all are known, less what is counted with the groups that stand for damaged records. */
function count({ frame, lost }: Carrying, name: string, found: number): void {
  const of = name.slice(name.indexOf('-') + 1);
  if (name.startsWith('skipped-')) frame.skipped[of] = found;
  if (name.startsWith('lost-'))
    for (const known of Object.keys(lost) as (keyof Losses)[]) if (known === of) lost[known] += found;
  if (!name.startsWith('damaged ')) return;
  frame.damaged.push({ group: -Number(name.slice('damaged '.length)), records: 1, points: found });
  lost.records -= 1;
  lost.points -= found;
}

/** Entries that are damaged are counted as what they were. Of a position nothing is lost: the sink begins anew. */
function damaged(carrying: Carrying, what: string): void {
  const { lost, damage } = carrying;
  damage.push(what);
  const of = /^(retries|parked|dead-letters): .*is not what was put there$/.exec(what)?.[1];
  if (of === 'retries') lost.retries += 1;
  else if (of === 'parked') lost.parked += 1;
  else if (of === 'dead-letters') lost.deadLetters += 1;
  else if (!/^(positions|malformed|runs-\d): /.test(what)) carrying.isUncounted = true;
}

function tell({ damage, log }: Carrying): void {
  for (const finding of damage.slice(0, mostTold))
    log?.error({ finding }, 'the store of an earlier version is not as it was written');
  if (damage.length > mostTold)
    log?.error(
      { findings: damage.length },
      'the store of an earlier version is not as it was written, in so many places',
    );
}

/** In the order in which they were seen last, since the oldest go first. */
async function putSamples(carrying: Carrying): Promise<void> {
  let samples: StoredLetter[] = [];
  let characters = 0;
  for (const sample of carrying.samples.toSorted((a, b) => a.lastAtMs - b.lastAtMs)) {
    samples.push(sample);
    characters += sample.raw.length;
    if (characters < mostCharacters) continue;
    await put(carrying, { samples });
    [samples, characters] = [[], 0];
  }
  if (samples.length > 0) await put(carrying, { samples });
}

async function putFrame(carrying: Carrying): Promise<void> {
  const { characters: _, ...parts } = carrying.frame;
  carrying.frame = emptyFrame();
  const filled = Object.entries(parts).filter(
    ([, part]) => (Array.isArray(part) ? part.length : Object.keys(part).length) > 0,
  );
  if (filled.length > 0) await put(carrying, Object.fromEntries(filled) as Change);
}

async function put(carrying: Carrying, change: Change): Promise<void> {
  const { store, end } = carrying;
  const whole: Change = { former: { phase: 'carrying', end }, ...change };
  if (!store.hasRoomFor(JSON.stringify(whole).length)) await store.layOut();
  if (carrying.failure !== undefined) throw carrying.failure;
  store.append({ change: whole });
  store.whenDurable(
    () => {},
    (error) => void (carrying.failure ??= error),
  );
  carrying.frames += 1;
  if (carrying.frames % framesAtOnce === 0) await durable(carrying);
}

async function durable(carrying: Carrying): Promise<void> {
  await carrying.store.durable();
  if (carrying.failure !== undefined) throw carrying.failure;
}
