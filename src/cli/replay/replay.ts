// The `replay` command: feeds archived pushes, and what the original bridge wrote, through the bridge again.

import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import type { Zone } from 'luxon';
import type { Clock } from '../../runtime/clock.ts';
import { NotAPush } from '../../sources/catchpoint/measurement.ts';
import { type ReplayedRun, replayedRun } from '../../sources/catchpoint/replay/replayed-run.ts';
import type { Output } from '../command-context.ts';
import { CannotReplay, type Destination, type Outcome } from './destination.ts';
import { type InputLine, type Inputs, inputs } from './inputs.ts';
import { rateLimit } from './rate-limit.ts';
import { type Progress, progress } from './progress.ts';
import { summary, type ReplayCounts, replayCounts } from './counts.ts';

export interface ReplayOptions {
  /** `-` is standard input. */
  readonly files: readonly string[];
  readonly only: Filter;
  /** Runs a second; undefined: what suits the destination. */
  readonly rate: number | undefined;
  /** In which zone the original bridge's machine lived. */
  readonly writtenIn: Zone | undefined;
  /** Whether to read the timings, byte counts and counters beyond the RTT too. */
  readonly extras: boolean;
  /** The labels to read, in lower case. */
  readonly labels?: readonly string[];
  /** Opens where it goes; `waits` is told what is waited for. */
  readonly open: (waits: (words: string) => void) => Promise<Destination>;
  readonly clock: Clock;
  readonly stdin: () => Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
}

/** Which runs are replayed, by their own time, test and node; what is undefined does not matter. */
export interface Filter {
  /** ms since 1970 UTC; runs of this moment and later. */
  readonly sinceMs: number | undefined;
  /** Runs before this moment. */
  readonly untilMs: number | undefined;
  readonly tests: ReadonlySet<number> | undefined;
  readonly nodes: ReadonlySet<number> | undefined;
}

/** After sysexits: something was malformed or damaged; stopped before the end. */
const dataError = 65;
const stopped = 75;
/** So many malformed lines are named one by one. */
const maxNamed = 10;

/** A replay under way. */
interface State extends ReplayOptions {
  readonly destination: Destination;
  readonly tally: ReplayCounts;
  readonly progress: Progress;
  readonly pace: (signal: AbortSignal) => Promise<void>;
}

/**
 * Replays and writes a summary. Exit code 65 when lines were malformed or a file damaged, 75 when it was stopped.
 *
 * @throws NoInput, ZoneMissing, CannotReplay and what opening the destination throws
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const { clock, stderr, stdout, signal, rate } = options;
  const given = await inputs(options.files, options.stdin);
  const hasJoined = await looksJoined(given, options);
  const counts = replayCounts();
  const shown = progress({
    output: stderr,
    clock,
    totalBytes: given.totalBytes,
    soFar: () => ({ ...counts, bytes: given.bytesRead() }),
  });
  const destination = await options.open((words) => shown.say(`waiting: ${words}`));
  try {
    if (hasJoined) refuseJoined(destination);
    shown.say(`replaying into ${destination.words}`);
    const pace = rateLimit({ clock, rate: rate ?? destination.usualRate });
    await feed({ ...options, destination, tally: counts, progress: shown, pace }, given).finally(() =>
      stdout.write(summary(counts)),
    );
  } finally {
    await destination.close();
  }
  if (signal.aborted) return stopped;
  return counts.malformed + counts.damaged > 0 ? dataError : 0;
}

/** Whether a file begins with a record of the original's; throws ZoneMissing before anything has been replayed. */
async function looksJoined(given: Inputs, options: ReplayOptions): Promise<boolean> {
  let hasJoined = false;
  for await (const { text } of given.heads()) {
    const run = runOrNotAPush(text, options);
    if (!(run instanceof NotAPush) && run.node !== undefined) hasJoined = true;
  }
  return hasJoined;
}

function refuseJoined({ takesJoined, words }: Destination): void {
  if (takesJoined) return;
  throw new CannotReplay(
    `${words}: takes no records of the original's -f, since they bring their own node; stop the bridge, replay them, start it again`,
  );
}

/** Several workers take line after line; the first that fails stops all. */
async function feed(state: State, given: Inputs): Promise<void> {
  const { signal, destination, progress: shown } = state;
  const giveUp = new AbortController();
  const ending = AbortSignal.any([signal, giveUp.signal]);
  setMaxListeners(0, ending);
  const lines = given.lines((words) => damaged(state, words), ending);
  const over = new AbortController();
  const showing = shown.run(over.signal);
  const failures: unknown[] = [];
  const workers = Array.from({ length: destination.inFlight }, async () => {
    try {
      await work(state, lines, ending);
    } catch (error) {
      if (!ending.aborted) failures.push(error);
      giveUp.abort();
    }
  });
  await Promise.all(workers);
  over.abort();
  await Promise.all([showing, lines.return(undefined)]);
  if (failures.length > 0) throw failures[0];
}

async function work(state: State, lines: AsyncGenerator<InputLine>, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    const { value, done } = await lines.next();
    if (done === true) return;
    await one(state, value, ending);
  }
}

async function one(state: State, { text, where }: InputLine, ending: AbortSignal): Promise<void> {
  const { destination, tally: counts } = state;
  counts.read += 1;
  const run = runOrNotAPush(text, state);
  if (run instanceof NotAPush) return malformed(state, where, run.message);
  if (!isWanted(run, state.only)) {
    counts.skipped += 1;
    return;
  }
  if (run.node !== undefined) refuseJoined(destination);
  await state.pace(ending);
  book(state, run, where, await destination.deliver(run, ending));
}

function runOrNotAPush(text: string, options: ReplayOptions): ReplayedRun | NotAPush {
  try {
    return replayedRun(text, options);
  } catch (error) {
    if (error instanceof NotAPush) return error;
    throw error;
  }
}

function isWanted(
  { measurement: { timeMs, testId, nodeId } }: ReplayedRun,
  { sinceMs, untilMs, tests, nodes }: Filter,
): boolean {
  if (sinceMs !== undefined && timeMs < sinceMs) return false;
  if (untilMs !== undefined && timeMs >= untilMs) return false;
  return (tests?.has(testId) ?? true) && (nodes?.has(nodeId) ?? true);
}

function book(state: State, { isDoubtful, measurement }: ReplayedRun, where: string, outcome: Outcome): void {
  const { tally: counts } = state;
  if (typeof outcome === 'object') return malformed(state, where, outcome.malformed);
  counts[outcome === 'duplicate' ? 'duplicate' : 'replayed'] += 1;
  if (outcome === 'missed' || outcome === 'implausible' || outcome === 'cardinality' || outcome === 'conflict')
    counts[outcome] += 1;
  if (isDoubtful && outcome !== 'duplicate') counts.doubtful.push(measurement.timeMs);
}

function malformed({ tally: counts, progress: shown }: State, where: string, reason: string): void {
  counts.malformed += 1;
  if (counts.malformed <= maxNamed) shown.say(`warning: ${where}: ${reason}`);
  if (counts.malformed === maxNamed) shown.say('warning: further malformed lines are only counted');
}

function damaged({ tally: counts, progress: shown }: State, words: string): void {
  counts.damaged += 1;
  shown.say(`warning: ${words}`);
}
