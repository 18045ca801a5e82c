// When a checkpoint is written, and what goes once it is: segments that are needed no more are given back, and what little is needed of
// others is carried over.

import type { Clock } from '../clock.ts';
import type { Change } from './change.ts';
import { encodeState, writeCheckpoint } from './checkpoint.ts';
import type { Dedup } from './dedup.ts';
import type { DurableEnd, SegmentLog } from './log/segment-log.ts';
import type { SegmentSupply } from './log/segment-supply.ts';
import type { SegmentEntry } from './log/segment-table.ts';
import { finishRest, type Position } from './position.ts';
import { carriedOver, hardlyNeeded, isPassed, type Needs, unneeded } from './recycling.ts';
import { apply, forgetDamageBefore, type SpoolState } from './state.ts';

type Finish = NonNullable<Change['finish']>;

export interface Checkpoints {
  /** To be told of each group that is durable. */
  written(end: DurableEnd): void;
  /** To be told of what a sink has finished, before and when that is durable. */
  finishing(finish: Finish): void;
  finished(finish: Finish): void;
  /** Positions as they are to stand in the log behind what is being finished: there it is finished already. */
  ahead(positions: NonNullable<Change['positions']>): NonNullable<Change['positions']>;
  /** Writes one now, unless nothing was appended since the last; and gives back what neither it nor the one before needs. */
  write(): Promise<void>;
  /** The disk is nearly full: gives back now what can be. To be called as often as that is met. */
  relieve(): void;
  /** The log was read again. */
  reopened(): void;
  /** Empties segments of which little is needed. */
  carryOver(): Promise<void>;
  /** The last record of a store of an earlier version that is still read; 0: there is none. */
  formerThrough(): number;
  setFormerThrough(record: number): void;
  close(): Promise<void>;
}

export interface CheckpointsOptions {
  readonly directory: string;
  readonly clock: Pick<Clock, 'now' | 'steady'>;
  readonly supply: SegmentSupply;
  readonly dedup: Dedup;
  readonly segmentBytes: number;
  readonly state: () => SpoolState;
  readonly segments: () => SegmentEntry[];
  readonly log: () => SegmentLog;
  readonly append: (change: Change) => void;
  readonly formerThrough: number;
  readonly isScarce: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** After so many segments, or sooner where the disk is nearly full. */
const everySegments = 4;
const scarceEveryMs = 1_000;
/** What is carried over in one go. */
const carriedAtOnce = 200;

export function openCheckpoints(options: CheckpointsOptions): Checkpoints {
  const { directory, clock, supply, dedup } = options;
  const pending = new Set<Finish>();
  let former: Needs | undefined;
  let formerThrough = options.formerThrough;
  let lastSegment = 0;
  let lastGroup = 0;
  let againAtMs = -Infinity;
  let writing: Promise<void> | undefined;

  function snapshot(): { readonly positions: ReadonlyMap<string, Position>; readonly live: ReadonlyMap<number, number>; readonly encoded: ReturnType<typeof encodeState> } {
    const state = options.state();
    // What is finished by a frame that is not durable yet stands before the place of this checkpoint.
    const ahead: SpoolState = { ...state, positions: new Map(state.positions) };
    for (const finish of pending) apply(ahead, { finish }, { segment: 0, at: 0 }, clock);
    return { positions: ahead.positions, live: new Map(state.live), encoded: encodeState(ahead) };
  }

  /** @param isAgain - even where nothing was appended since: then both that are kept say the same */
  async function write({ isLast = false, isAgain = false } = {}): Promise<void> {
    const log = options.log();
    const { place, group, totals } = log.seal();
    const isNew = group !== lastGroup || isAgain;
    if (!isNew && !isLast) return;
    const { positions, live, encoded } = snapshot();
    await log.durable();
    // Not before: the keys of a group that cannot be written must not be kept.
    await dedup.persistBefore(isLast ? place.segment + 1 : place.segment);
    if (!isNew) return;
    const segments = options.segments().filter(({ number }) => number <= place.segment);
    await writeCheckpoint(directory, encoded({ place: { ...place, number: group, before: totals }, segments, writtenAtMs: clock.now(), formerThrough }));
    lastGroup = group;
    const needs: Needs = { fromSegment: former?.fromSegment ?? 0, positions, live };
    former = { ...needs, fromSegment: place.segment };
    await giveBack(needs);
    lastSegment = place.segment;
  }

  async function giveBack(needs: Needs): Promise<void> {
    const all = options.segments();
    for (const segment of unneeded(all, needs)) {
      const at = all.indexOf(segment);
      if (at === -1) continue;
      all.splice(at, 1);
      await supply.giveBack(segment.number).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    forgetDamageBefore(options.state(), all[0]?.firstGroup ?? 0);
  }

  /** One at a time; who comes while one is written waits for that one. */
  function once(how: Parameters<typeof write>[0] = {}): Promise<void> {
    writing ??= write(how)
      .catch(options.onError)
      .finally(() => void (writing = undefined));
    return writing;
  }

  /** Whether there is a segment that every sink has passed, beside the one that is written. */
  function hasPassed(): boolean {
    return options.segments().slice(0, -1).some((segment) => isPassed(segment, options.state().positions));
  }

  function relieve(): void {
    if (clock.steady() < againAtMs || !hasPassed()) return;
    againAtMs = clock.steady() + scarceEveryMs;
    void once().then(() => once({ isAgain: true }));
  }

  return {
    written({ segment }) {
      if (segment - lastSegment >= everySegments) {
        lastSegment = segment;
        void once();
      } else if (options.isScarce()) {
        relieve();
      }
    },
    relieve,
    finishing: (finish) => void pending.add(finish),
    finished: (finish) => void pending.delete(finish),
    ahead(positions) {
      const moved = { ...positions };
      for (const { sink, range } of pending) {
        const position = moved[sink];
        if (position !== undefined && position !== null) moved[sink] = finishRest(position, range);
      }
      return moved;
    },
    write: () => once(),
    reopened() {
      pending.clear();
      former = undefined;
    },
    async carryOver() {
      for (const segment of hardlyNeeded(options.segments(), options.state())) {
        let count = 0;
        for (const change of carriedOver(directory, segment, options.state())) {
          options.append(change);
          count += 1;
          if (count % carriedAtOnce === 0) await options.log().durable();
        }
      }
    },
    formerThrough: () => formerThrough,
    setFormerThrough: (record) => void (formerThrough = record),
    async close() {
      await writing;
      await once({ isLast: true });
      if (hasPassed()) await once({ isAgain: true });
    },
  };
}
