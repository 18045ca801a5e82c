// How snapshots of the bridge, a second apart, become the message of that second.

import type { Snapshot, SinkSnapshot } from '../telemetry/snapshot.ts';
import type { SourceSnapshot } from '../telemetry/source-counts.ts';
import { responseTimeMs } from './response-times.ts';
import type { StatusMessage, NodesNow, RecentPush, SinkNow, SourceNow, Problems } from './messages.ts';

/** Dead letters and samples by kind. */
export interface LetterKinds {
  readonly counts: Readonly<Record<string, number>>;
  readonly isMore: boolean;
}

/** What goes into a message beside the snapshots. */
export interface Besides {
  readonly letters: LetterKinds;
  /** Those since the last message. */
  readonly recent: readonly RecentPush[];
  readonly troubles: Problems;
  /** Dead letters of the last minutes. */
  readonly newLetters: number;
  /** Requests that were turned away before they were read, since the start; now and at the earlier snapshot. */
  readonly turnedAway: readonly [before: number, now: number];
  /** What became of what the Backstop source was sent; undefined where it is switched off. */
  readonly backstop: object | undefined;
}

/** Outcomes after which Catchpoint is not told 200. */
const notTakenOutcomes = ['malformed', 'denied', 'refused', 'failed'];

/** Rates are over the time between the snapshots, whatever the timers made of it. */
export function statusMessageOf(snapshot: Snapshot, before: Snapshot, besides: Besides): StatusMessage {
  const { letters, recent, troubles, newLetters, turnedAway, backstop } = besides;
  const seconds = Math.max(1, snapshot.atMs - before.atMs) / 1000;
  const rate = (added: number): number => Math.round((Math.max(0, added) / seconds) * 10) / 10;
  const perS = (of: (one: Snapshot) => number): number => rate(of(snapshot) - of(before));
  const { byOutcome, answerTimes } = snapshot.pushes;
  const times = [before.pushes.answerTimes, answerTimes] as const;
  return {
    atMs: snapshot.atMs,
    startedAtMs: snapshot.startedAtMs,
    version: snapshot.version,
    pushesPerS: perS(takenOf),
    pointsPerS: perS(({ sources }) => sources.reduce((sum, { points }) => sum + points, 0)),
    notTakenPerS: rate(notTakenOf(snapshot) - notTakenOf(before) + turnedAway[1] - turnedAway[0]),
    answerP50Ms: responseTimeMs(...times, 0.5),
    answerP99Ms: responseTimeMs(...times, 0.99),
    pushes: byOutcome,
    takesPushes: snapshot.takesPushes,
    troubles,
    sources: snapshot.sources.map((source) =>
      sourceNow(
        source,
        perS((one) => one.sources.find(({ name }) => name === source.name)?.points ?? 0),
        countsOf(source.name, byOutcome, backstop),
      ),
    ),
    sinks: snapshot.sinks.map((sink) =>
      sinkNow(
        sink,
        perS((one) => one.sinks.find(({ name }) => name === sink.name)?.accepted ?? 0),
        snapshot.atMs,
      ),
    ),
    spool: { waitingBytes: snapshot.spool.waitingBytes, maxBytes: snapshot.spool.maxBytes },
    nodes: nodesNow(snapshot),
    parked: snapshot.parked.count,
    lost: Object.values(snapshot.lost).reduce((sum, points) => sum + points, 0),
    letters: letters.counts,
    isMoreLetters: letters.isMore,
    newLetters,
    recent,
  };
}

export function notTakenCounts({ pushes }: Snapshot): Readonly<Record<string, number>> {
  return Object.fromEntries(notTakenOutcomes.map((outcome) => [outcome, pushes.byOutcome[outcome] ?? 0]));
}

function notTakenOf(snapshot: Snapshot): number {
  return Object.values(notTakenCounts(snapshot)).reduce((sum, count) => sum + count, 0);
}

function takenOf(snapshot: Snapshot): number {
  return Object.values(snapshot.pushes.byOutcome).reduce((sum, count) => sum + count, 0) - notTakenOf(snapshot);
}

/** By the names under which parts.ts counts what they hand on. */
function countsOf(name: string, pushes: object, backstop: object | undefined): Readonly<Record<string, number>> {
  const counts = name === 'catchpoint' ? pushes : name === 'backstop' ? (backstop ?? {}) : {};
  return Object.fromEntries(
    Object.entries(counts as Readonly<Record<string, number>>).filter(([, count]) => count > 0),
  );
}

function sourceNow(
  { name, points, deliveries, duplicates, failures, lastAtMs }: SourceSnapshot,
  pointsPerS: number,
  counts: SourceNow['counts'],
): SourceNow {
  return { name, pointsPerS, points, deliveries, duplicates, failures, lastAtMs, counts };
}

function sinkNow(sink: SinkSnapshot, acceptedPerS: number, nowMs: number): SinkNow {
  const {
    name,
    accepted,
    rejected,
    kept,
    inFlight,
    lastError,
    failingSinceMs,
    backlog,
    isRequired,
    skipped,
    annotations,
  } = sink;
  return {
    isRequired,
    skipped,
    annotationsSkipped: annotations?.skipped,
    name,
    acceptedPerS,
    accepted,
    rejected,
    kept,
    inFlight,
    lastError,
    failingSinceMs,
    backlogPoints: backlog.points,
    backlogBytes: backlog.bytes,
    ...(backlog.oldestAtMs === undefined ? {} : { backlogAgeMs: Math.max(0, nowMs - backlog.oldestAtMs) }),
  };
}

function nodesNow({ nodes }: Snapshot): NodesNow {
  const { known, refreshedAtMs, nextAtMs, lastError, changes } = nodes;
  return { known, refreshedAtMs, lastError, nextAtMs: Number.isFinite(nextAtMs) ? nextAtMs : undefined, changes };
}
