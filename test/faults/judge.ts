// The judge: after the last fault, whether every obligation was kept, everything that arrived was meant to, fresh data gets
// through, copies have a cause, and memory and disk stayed within bounds.

import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { openSpool } from '../../src/spool/spool.ts';
import type { Account } from './ledger.ts';
import { healthy } from './receiver-states.ts';
import { becomes, type Stage } from './stage.ts';
import { everyLetter } from '../fakes/letters.ts';

export interface Bars {
  /** How long the spool may take to run empty after the last fault. */
  readonly drainMs?: number;
  /** How long a fresh push may take to get through; undefined: it is not asked. */
  readonly freshMs?: number | undefined;
  /** Whether a point may be a dead letter. */
  readonly mayBeDead?: (line: string) => boolean;
  /** Whether measurements may still wait for their node; default false. */
  readonly mayPark?: boolean;
  /** Bound on memory without mapped files. */
  readonly ownBytes?: number;
  readonly diskBytes?: number;
  /** Whether the bridge must end with exit code 0 at once when all is done; default true. */
  readonly endsWell?: boolean;
}

export interface Verdict {
  readonly account: Account;
  /** From the end of the last fault until a fresh push was at the receiver whole. */
  readonly freshMs: number;
  readonly drainMs: number;
  readonly mostOwnBytes: number;
  readonly diskBytes: number;
  /** What was wrong; empty: the bars are held. */
  readonly faults: readonly string[];
}

const mebibyte = 2 ** 20;
const usualBars = {
  drainMs: 120_000,
  freshMs: 5_000,
  ownBytes: 250 * mebibyte,
  diskBytes: 2048 * mebibyte,
  endsWell: true,
};

/** Ends the last fault (the receiver is healthy, the bridge runs), judges, and stops the bridge. */
export async function judge(stage: Stage, bars: Bars = {}): Promise<Verdict> {
  const { drainMs, freshMs, ownBytes, diskBytes, endsWell } = {
    ...usualBars,
    ...('freshMs' in bars && { freshMs: undefined }),
    ...bars,
  };
  const { receiver, bridge, steady, pusher, ledger } = stage;
  await receiver.be(healthy);
  if (bridge.pushUrl() === undefined) await bridge.start();
  const fromMs = steady();
  const run = await pusher.pushOne();
  const isThrough = await becomes(() => ledger.isComplete(run), drainMs);
  const tookMs = steady() - fromMs;
  const isDrained = await becomes(
    async () => isEmpty(await bridge.status(), bars.mayPark),
    Math.max(1, drainMs - tookMs),
  );
  const drainedMs = steady() - fromMs;
  const disk = await bridge.diskBytes();
  const end = await bridge.stop();
  const letters = await deadLetters(stage.stateDir);
  const account = ledger.account((line) => letters.has(line));
  const { mostOwnBytes } = bridge.figures();
  const strays = [...letters].filter((line) => bars.mayBeDead?.(line) !== true);
  const faults = [
    ...faultsOf(account),
    ...fault(
      isThrough && (freshMs === undefined || tookMs <= freshMs),
      `L: a fresh push took ${seconds(tookMs)} (at most ${seconds(freshMs ?? 0)})`,
    ),
    ...fault(isDrained, `C: the spool was not empty after ${seconds(drainedMs)}`),
    ...fault(mostOwnBytes <= ownBytes, `B: ${megabytes(mostOwnBytes)} of memory of its own`),
    ...fault(disk <= diskBytes, `B: ${megabytes(disk)} on disk`),
    ...fault(strays.length === 0, `C: ${strays.length} dead letters that are none, such as ${strays[0]}`),
    ...bridge.unaskedEnds().map((words) => `the bridge ended unasked, with ${words}`),
    ...fault(!endsWell || end.code === 0, `the bridge ended with ${end.code}`),
  ];
  return { account, freshMs: tookMs, drainMs: drainedMs, mostOwnBytes, diskBytes: disk, faults };
}

function faultsOf({ lostRuns, lostPoints, torn, foreign, unexplained, examples }: Account): string[] {
  const found = [
    ...fault(lostRuns === 0, `C: ${lostRuns} runs answered 200 lost ${lostPoints} points`),
    ...fault(torn === 0, `C: ${torn} runs arrived in part`),
    ...fault(foreign === 0, `I: ${foreign} points are not as expected`),
    ...fault(unexplained === 0, `D: ${unexplained} copies without a cause`),
  ];
  return found.length === 0 ? [] : [...found, ...examples];
}

function fault(isHeld: boolean, words: string): string[] {
  return isHeld ? [] : [words];
}

function isEmpty(status: Awaited<ReturnType<Stage['bridge']['status']>>, mayPark = false): boolean {
  return (
    status !== undefined &&
    (mayPark || status.parked === 0) &&
    status.sinks.every(({ backlog, inFlight }) => backlog.points + inFlight === 0)
  );
}

/** The points among the dead letters that the bridge left behind, as lines. */
async function deadLetters(stateDir: string): Promise<Set<string>> {
  const spool = await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 2 ** 40, clock: systemClock() });
  const lines = everyLetter(spool.deadLetters).map((letter) => {
    if (letter.kind !== 'rejected') return `${letter.kind}: ${letter.reason}`;
    const { metric, timestamp, value, tags } = JSON.parse(letter.raw) as DataPoint;
    return `${metric} ${timestamp} ${value} ${Object.entries(tags)
      .map((tag) => tag.join('='))
      .join(' ')}`;
  });
  await spool.close();
  return new Set(lines);
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / mebibyte)} MiB`;
}
