// Judges a stage after the last fault: no owed run is lost, no foreign point arrived, fresh points arrive, copies have
// a cause, and memory and disk are within bounds.

import { join } from 'node:path';
import { systemClock } from '../../src/runtime/clock.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { openSpool } from '../../src/spool/spool.ts';
import type { Account } from './ledger.ts';
import { healthy } from './receiver-states.ts';
import { becomes, type Stage } from './stage.ts';
import { everyLetter } from '../fakes/letters.ts';

export interface Bars {
  /** The bound on the drain after the last fault. */
  readonly drainMs?: number;
  /** The bound on the arrival of a fresh push; undefined: no bound. */
  readonly freshMs?: number | undefined;
  /** Reports whether a point may be a dead letter; default: none. */
  readonly mayBeDead?: (line: string) => boolean;
  /** Measurements may still be parked; default false. */
  readonly mayPark?: boolean;
  /** The bound on memory without mapped files. */
  readonly anonymousBytes?: number;
  readonly diskBytes?: number;
  /** The bridge must stop with exit code 0; default true. */
  readonly exitsWithZero?: boolean;
}

export interface Verdict {
  readonly account: Account;
  /** From the end of the last fault to the arrival of a fresh push. */
  readonly freshMs: number;
  readonly drainMs: number;
  readonly maxAnonymousBytes: number;
  readonly diskBytes: number;
  /** Empty if every bound was held. */
  readonly faults: readonly string[];
}

const mebibyte = 2 ** 20;
const defaultBars = {
  drainMs: 120_000,
  freshMs: 5_000,
  anonymousBytes: 250 * mebibyte,
  diskBytes: 2048 * mebibyte,
  exitsWithZero: true,
};

/** Ends the last fault, judges, and stops the bridge. */
export async function judge(stage: Stage, bars: Bars = {}): Promise<Verdict> {
  const { drainMs, freshMs, anonymousBytes, diskBytes, exitsWithZero } = {
    ...defaultBars,
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
  const { maxAnonymousBytes } = bridge.figures();
  const strays = [...letters].filter((line) => bars.mayBeDead?.(line) !== true);
  const faults = [
    ...faultsOf(account),
    ...fault(
      isThrough && (freshMs === undefined || tookMs <= freshMs),
      `L: a fresh push took ${seconds(tookMs)} (at most ${seconds(freshMs ?? 0)})`,
    ),
    ...fault(isDrained, `C: the spool was not empty after ${seconds(drainedMs)}`),
    ...fault(maxAnonymousBytes <= anonymousBytes, `B: ${megabytes(maxAnonymousBytes)} of memory of its own`),
    ...fault(disk <= diskBytes, `B: ${megabytes(disk)} on disk`),
    ...fault(strays.length === 0, `C: ${strays.length} dead letters that are none, such as ${strays[0]}`),
    ...bridge.unexpectedEnds().map((message) => `the bridge ended unexpectedly, with ${message}`),
    ...fault(!exitsWithZero || end.code === 0, `the bridge ended with ${end.code}`),
  ];
  return { account, freshMs: tookMs, drainMs: drainedMs, maxAnonymousBytes, diskBytes: disk, faults };
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

function fault(isHeld: boolean, message: string): string[] {
  return isHeld ? [] : [message];
}

function isEmpty(status: Awaited<ReturnType<Stage['bridge']['status']>>, mayPark = false): boolean {
  return (
    status !== undefined &&
    (mayPark || status.parked === 0) &&
    status.sinks.every(({ backlog, inFlight }) => backlog.points + inFlight === 0)
  );
}

/** Returns the points of the dead letters as lines. */
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
