// When a checkpoint is written, and what goes once it is: segments that are needed no more are given back, and what little is needed of
// others is carried over.

import type { Clock } from '../../runtime/clock.ts';
import type { Change } from './change.ts';
import { encodeState, writeCheckpoint } from './checkpoint.ts';
import type { Dedup } from '../dedup/dedup.ts';
import type { DurableEnd, SegmentLog } from '../log/segment-log.ts';
import type { SegmentSupply } from '../log/segment-supply.ts';
import type { SegmentEntry } from '../log/segment-table.ts';
import { finishRest } from '../readers/position.ts';
import { carriedOver, hardlyNeeded, isPassed, type Needs, unneeded } from './recycling.ts';
import { apply, forgetDamageBefore, type SpoolState } from './state.ts';

type Finish = NonNullable<Change['finish']>;

export interface Checkpoints {
  /** To be told of each group that is durable. */
  written(end: DurableEnd): void;
  /** To be told of what a sink has finished, before that is durable. */
  finishing(finish: Finish): void;
  /** To be told of the same when it is durable, or cannot be made so. */
  finished(finish: Finish): void;
  /** Positions as they are to stand in the log behind what is being finished: there it is finished already. */
  ahead(positions: NonNullable<Change['positions']>): NonNullable<Change['positions']>;
  /**
   * Writes one now, unless nothing was appended since the last; and gives back what neither it nor the one before needs. Never rejects:
   * what fails is told to `onError`.
   */
  write(): Promise<void>;
  /** The disk is nearly full: gives back now what can be. To be called as often as that is met. */
  relieve(): void;
  /** The log was read again. */
  reopened(): void;
  /** Empties segments of which little is needed. Rejects when what is carried over cannot be appended. */
  carryOver(): Promise<void>;
  /** Writes the last one. */
  close(): Promise<void>;
}

export interface CheckpointsOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly supply: SegmentSupply;
  readonly dedup: Dedup;
  /** The state, segments and log as they are at the time of a call: each is another one after the log was read again. */
  readonly state: () => SpoolState;
  readonly segments: () => SegmentEntry[];
  readonly log: () => SegmentLog;
  readonly append: (change: Change) => void;
  /** Writes down where sinks stand that have moved. */
  readonly writePositions: () => void;
  /** Whether the disk is nearly full. */
  readonly isScarce: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** After so many segments, or sooner where the disk is nearly full. */
const everySegments = 4;
const scarceEveryMs = 1_000;
/** Changes that are carried over in one go. */
const carriedAtOnce = 200;

interface CheckpointsState {
  readonly options: CheckpointsOptions;
  /** What sinks have finished by frames that are not durable yet. */
  readonly pending: Set<Finish>;
  /** What the checkpoint needs that was written last. */
  former: Needs | undefined;
  /** The segment that was written to when the last one was due. */
  lastSegment: number;
  /** The group behind the last one. */
  lastGroup: number;
  /** When the next one may be written because the disk is nearly full, by the steady clock. */
  againAtMs: number;
  writing: Promise<void> | undefined;
}

interface Manner {
  /** Writes the keys of the segment that is open, too. */
  readonly isLast?: boolean;
  /** Even where nothing was appended since the last: then both that are kept say the same. */
  readonly isAgain?: boolean;
}

/** The checkpoints of a log; the first one is due some segments on. */
export function openCheckpoints(options: CheckpointsOptions): Checkpoints {
  const state: CheckpointsState = {
    options,
    pending: new Set(),
    former: undefined,
    lastSegment: 0,
    lastGroup: 0,
    againAtMs: -Infinity,
    writing: undefined,
  };
  return {
    written: ({ segment }) => written(state, segment),
    relieve: () => relieve(state),
    finishing: (finish) => void state.pending.add(finish),
    finished: (finish) => void state.pending.delete(finish),
    ahead: (positions) => ahead(state, positions),
    write: () => once(state),
    reopened() {
      state.pending.clear();
      state.former = undefined;
    },
    carryOver: () => carryOver(options),
    close: () => close(state),
  };
}

function written(state: CheckpointsState, segment: number): void {
  if (segment - state.lastSegment >= everySegments) {
    state.lastSegment = segment;
    void once(state);
  } else if (state.options.isScarce()) {
    relieve(state);
  }
}

/** Two of them, since a segment goes only when neither of the two that are kept needs it. */
function relieve(state: CheckpointsState): void {
  const { clock } = state.options;
  if (clock.steady() < state.againAtMs || !hasPassed(state.options)) return;
  state.againAtMs = clock.steady() + scarceEveryMs;
  void once(state).then(() => once(state, { isAgain: true }));
}

/** Whether there is a segment that every sink has passed, beside the one that is written. */
function hasPassed({ segments, state }: CheckpointsOptions): boolean {
  return segments()
    .slice(0, -1)
    .some((segment) => isPassed(segment, state().positions));
}

/** One at a time; who comes while one is written waits for that one. Never rejects: what fails is told to `onError`. */
function once(state: CheckpointsState, manner: Manner = {}): Promise<void> {
  state.writing ??= write(state, manner)
    .catch(state.options.onError)
    .finally(() => void (state.writing = undefined));
  return state.writing;
}

async function write(state: CheckpointsState, { isLast = false, isAgain = false }: Manner): Promise<void> {
  const { directory, clock, dedup, segments } = state.options;
  // The checkpoint must know no position that the log does not: it may be the one that cannot be read.
  state.options.writePositions();
  const log = state.options.log();
  const { place, group, totals } = log.seal();
  const isNew = group !== state.lastGroup || isAgain;
  if (!isNew && !isLast) return;
  const { positions, live, encoded } = snapshot(state);
  await log.durable();
  // Not before: the keys of a group that cannot be written must not be kept.
  await dedup.persistBefore(isLast ? place.segment + 1 : place.segment);
  if (!isNew) return;
  const covered = segments().filter(({ number }) => number <= place.segment);
  await writeCheckpoint(
    directory,
    encoded({ place: { ...place, number: group, before: totals }, segments: covered, writtenAtMs: clock.now() }),
  );
  state.lastGroup = group;
  // The log may have been read again meanwhile: then the one before is not known.
  const fromSegment = state.former?.fromSegment ?? 0;
  state.former = { fromSegment: place.segment, positions, live };
  await giveBack(state.options, { fromSegment, positions, live });
  state.lastSegment = place.segment;
}

function ahead(
  { pending }: CheckpointsState,
  positions: NonNullable<Change['positions']>,
): NonNullable<Change['positions']> {
  const moved = { ...positions };
  for (const { sink, range } of pending) {
    const position = moved[sink];
    if (position !== undefined && position !== null) moved[sink] = finishRest(position, range);
  }
  return moved;
}

interface Snapshot extends Pick<Needs, 'positions' | 'live'> {
  readonly encoded: ReturnType<typeof encodeState>;
}

/** What is finished by a frame that is not durable yet stands before the place of this checkpoint, and so counts. */
function snapshot({ options, pending }: CheckpointsState): Snapshot {
  const state = options.state();
  const ahead: SpoolState = { ...state, positions: new Map(state.positions) };
  for (const finish of pending) apply(ahead, { finish }, { segment: 0, at: 0 }, options.clock);
  return { positions: ahead.positions, live: new Map(state.live), encoded: encodeState(ahead) };
}

/** Gives the segments back that are needed no more; one whose file is gone is no error. */
async function giveBack({ segments, supply, state }: CheckpointsOptions, needs: Needs): Promise<void> {
  const all = segments();
  for (const segment of unneeded(all, needs)) {
    const at = all.indexOf(segment);
    if (at === -1) continue;
    all.splice(at, 1);
    await supply.giveBack(segment.number).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  forgetDamageBefore(state(), all[0]?.firstGroup ?? 0);
}

async function carryOver({ directory, segments, state, append, log }: CheckpointsOptions): Promise<void> {
  for (const segment of hardlyNeeded(segments(), state())) {
    let count = 0;
    for (const change of carriedOver(directory, segment, state())) {
      append(change);
      count += 1;
      if (count % carriedAtOnce === 0) await log().durable();
    }
  }
}

/** With what has come since the last; and again where that lets a segment go. */
async function close(state: CheckpointsState): Promise<void> {
  await state.writing;
  await once(state, { isLast: true });
  if (hasPassed(state.options)) await once(state, { isAgain: true });
}
