// `replay`: delivers archived pushes, and records of the original bridge, again.

import type { Zone } from 'luxon';
import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import type { Clock } from '../../runtime/clock.ts';
import { NotAPush } from '../../sources/catchpoint/measurement.ts';
import { type ReplayedRun, replayedRun } from '../../sources/catchpoint/replay/replayed-run.ts';
import type { Output } from '../command-context.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { type ReplayCounts, replayCounts, summary } from './counts.ts';
import type { Destination, Outcome } from './destination.ts';
import { type InputLine, type Inputs, inputs } from './inputs.ts';
import { type Progress, progress } from './progress.ts';
import { rateLimit } from './rate-limit.ts';

export interface ReplayOptions {
  /** `-` is standard input. */
  readonly files: readonly string[];
  readonly filter: Filter;
  /** Runs a second; undefined: the destination's default. */
  readonly rate: number | undefined;
  /** The time zone of the original bridge's machine. */
  readonly writtenIn: Zone | undefined;
  /** Reads timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[];
  /** Opens the destination, which calls `onWait` with the reason of each wait. */
  readonly open: (onWait: (reason: string) => void) => Promise<Destination>;
  readonly clock: Clock;
  readonly stdin: () => Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
}

/** The runs to replay; undefined members accept every run. */
export interface Filter {
  /** ms since 1970 UTC, inclusive. */
  readonly sinceMs: number | undefined;
  /** ms since 1970 UTC, exclusive. */
  readonly untilMs: number | undefined;
  readonly tests: ReadonlySet<number> | undefined;
  readonly nodes: ReadonlySet<number> | undefined;
}

/** Further malformed lines are counted without a warning. */
const maxWarnings = 10;

interface State {
  readonly options: ReplayOptions;
  readonly destination: Destination;
  readonly counts: ReplayCounts;
  readonly progress: Progress;
  readonly limit: (signal: AbortSignal) => Promise<void>;
}

/**
 * Replays and writes a summary. Exit code 65 after malformed lines or damaged files, 75 after the signal.
 *
 * @throws ZoneMissing, CommandError, and errors of opening the destination
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const { clock, stderr, stdout, signal, rate } = options;
  const input = await inputs(options.files, options.stdin);
  const isJoined = await beginsJoined(input, options);
  const counts = replayCounts();
  const display = progress({
    output: stderr,
    clock,
    totalBytes: input.totalBytes,
    current: () => ({ ...counts, bytes: input.bytesRead() }),
  });
  const destination = await options.open((reason) => display.writeLine(`waiting: ${reason}`));
  try {
    if (isJoined) refuseJoined(destination);
    display.writeLine(`replaying into ${destination.description}`);
    const limit = rateLimit(clock, rate ?? destination.defaultRate);
    await deliverAll({ options, destination, counts, progress: display, limit }, input).finally(() =>
      stdout.write(summary(counts)),
    );
  } finally {
    await destination.close();
  }
  if (signal.aborted) return exitCodes.temporaryFailure;
  return counts.malformed + counts.damaged > 0 ? exitCodes.dataError : 0;
}

/** True when a file begins with a record of the original bridge. Throws ZoneMissing before a run is delivered. */
async function beginsJoined(input: Inputs, options: ReplayOptions): Promise<boolean> {
  let isJoined = false;
  for await (const { text } of input.heads()) {
    const run = runOrNotAPush(text, options);
    if (!(run instanceof NotAPush) && run.node !== undefined) isJoined = true;
  }
  return isJoined;
}

function refuseJoined({ acceptsJoined, description }: Destination): void {
  if (acceptsJoined) return;
  throw new CommandError(
    `${description}: takes no records of the original's -f, since they bring their own node; stop the bridge, replay them, start it again`,
  );
}

/** Delivers lines concurrently; the first failure stops all deliveries. */
async function deliverAll(state: State, input: Inputs): Promise<void> {
  const { options, destination, progress } = state;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  setMaxListeners(0, signal);
  const lines = input.lines((reason) => countDamage(state, reason), signal);
  const done = new AbortController();
  const showing = progress.run(done.signal);
  const failures: unknown[] = [];
  const deliveries = Array.from({ length: destination.maxInFlight }, async () => {
    try {
      await deliverLines(state, lines, signal);
    } catch (error) {
      if (!signal.aborted) failures.push(error);
      failed.abort();
    }
  });
  await Promise.all(deliveries);
  done.abort();
  await Promise.all([showing, lines.return(undefined)]);
  if (failures.length > 0) throw failures[0];
}

/** A `for await` would close the generator, which other deliveries share. */
async function deliverLines(state: State, lines: AsyncGenerator<InputLine>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { value, done } = await lines.next();
    if (done === true) return;
    await deliverLine(state, value, signal);
  }
}

async function deliverLine(state: State, { text, position }: InputLine, signal: AbortSignal): Promise<void> {
  const { options, destination, counts, limit } = state;
  counts.read += 1;
  const run = runOrNotAPush(text, options);
  if (run instanceof NotAPush) return countMalformed(state, position, run.message);
  if (!matches(run, options.filter)) {
    counts.skipped += 1;
    return;
  }
  if (run.node !== undefined) refuseJoined(destination);
  await limit(signal);
  countOutcome(state, run, position, await destination.deliver(run, signal));
}

function runOrNotAPush(text: string, options: ReplayOptions): ReplayedRun | NotAPush {
  try {
    return replayedRun(text, options);
  } catch (error) {
    if (error instanceof NotAPush) return error;
    throw error;
  }
}

function matches(
  { measurement: { timeMs, testId, nodeId } }: ReplayedRun,
  { sinceMs = -Infinity, untilMs = Infinity, tests, nodes }: Filter,
): boolean {
  const isInTime = timeMs >= sinceMs && timeMs < untilMs;
  return isInTime && (tests?.has(testId) ?? true) && (nodes?.has(nodeId) ?? true);
}

function countOutcome(
  state: State,
  { isDoubtful, measurement }: ReplayedRun,
  position: string,
  outcome: Outcome,
): void {
  const { counts } = state;
  if (typeof outcome === 'object') return countMalformed(state, position, outcome.malformed);
  if (outcome === 'duplicate') {
    counts.duplicate += 1;
    return;
  }
  counts.replayed += 1;
  if (outcome !== 'taken') counts[outcome] += 1;
  if (isDoubtful) counts.doubtful.push(measurement.timeMs);
}

function countMalformed({ counts, progress }: State, position: string, reason: string): void {
  counts.malformed += 1;
  if (counts.malformed <= maxWarnings) progress.writeLine(`warning: ${position}: ${reason}`);
  if (counts.malformed === maxWarnings) progress.writeLine('warning: further malformed lines are only counted');
}

function countDamage({ counts, progress }: State, reason: string): void {
  counts.damaged += 1;
  progress.writeLine(`warning: ${reason}`);
}
