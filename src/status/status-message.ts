// Makes the status message of each second from two snapshots.

import type { SinkSnapshot, Snapshot } from '../telemetry/snapshot.ts';
import type { SourceSnapshot } from '../telemetry/source-counts.ts';
import { dockerCounts, dockerDetail } from './docker-detail.ts';
import type { NodesSummary, Problems, RecentPush, SinkSummary, SourceSummary, StatusMessage } from './messages.ts';
import { responseTimeMs } from './response-times.ts';

/** Dead letters and samples. */
export interface LetterKinds {
  readonly counts: Readonly<Record<string, number>>;
  /** There are more than were counted. */
  readonly isMore: boolean;
}

/** The parts of a message that are not in the snapshots. */
interface MessageExtras {
  readonly letters: LetterKinds;
  /** Since the message before. */
  readonly recent: readonly RecentPush[];
  readonly problems: Problems;
  /** Dead letters of the last minutes. */
  readonly newLetters: number;
  /** Requests that were refused before they were read, since the start, at both snapshots. */
  readonly refusedRequests: readonly [before: number, now: number];
  /** Counts of the Backstop source; undefined when it is off. */
  readonly backstop: object | undefined;
}

/** Outcomes that are not answered 200. */
const notTakenOutcomes = ['malformed', 'denied', 'refused', 'failed'];

/** Rates use the time between the snapshots, not the nominal second. */
export function statusMessageOf(snapshot: Snapshot, before: Snapshot, extras: MessageExtras): StatusMessage {
  const { letters, recent, problems, newLetters, refusedRequests, backstop } = extras;
  const { atMs, startedAtMs, version, takesPushes, sources, sinks, spool, docker } = snapshot;
  const seconds = Math.max(1, atMs - before.atMs) / 1000;
  const rate = (added: number): number => Math.round((Math.max(0, added) / seconds) * 10) / 10;
  const perS = (of: (one: Snapshot) => number): number => rate(of(snapshot) - of(before));
  const { byOutcome, answerTimes } = snapshot.pushes;
  const times = [before.pushes.answerTimes, answerTimes] as const;
  return {
    atMs,
    startedAtMs,
    version,
    pushesPerS: perS(takenOf),
    pointsPerS: perS((one) => sum(one.sources.map(({ points }) => points))),
    notTakenPerS: rate(notTakenOf(snapshot) - notTakenOf(before) + refusedRequests[1] - refusedRequests[0]),
    answerP50Ms: responseTimeMs(...times, 0.5),
    answerP99Ms: responseTimeMs(...times, 0.99),
    pushes: byOutcome,
    takesPushes,
    problems,
    sources: sources.map((source) =>
      sourceNow(
        source,
        perS((one) => one.sources.find(({ name }) => name === source.name)?.points ?? 0),
        countsOf(source.name, snapshot, backstop),
        source.name === 'docker' && docker ? dockerDetail(docker, atMs) : undefined,
      ),
    ),
    sinks: sinks.map((sink) =>
      sinkNow(
        sink,
        perS((one) => one.sinks.find(({ name }) => name === sink.name)?.accepted ?? 0),
        atMs,
      ),
    ),
    spool: { waitingBytes: spool.waitingBytes, maxBytes: spool.maxBytes },
    nodes: nodesSummary(snapshot),
    parked: snapshot.parked.count,
    lost: sum(Object.values(snapshot.lost)),
    letters: letters.counts,
    hasMoreLetters: letters.isMore,
    newLetters,
    recent,
  };
}

export function notTakenCounts({ pushes }: Snapshot): Readonly<Record<string, number>> {
  return Object.fromEntries(notTakenOutcomes.map((outcome) => [outcome, pushes.byOutcome[outcome] ?? 0]));
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function notTakenOf(snapshot: Snapshot): number {
  return sum(Object.values(notTakenCounts(snapshot)));
}

function takenOf(snapshot: Snapshot): number {
  return sum(Object.values(snapshot.pushes.byOutcome)) - notTakenOf(snapshot);
}

/** The names are those of telemetry. Own metrics have no counts. */
function countsOf(
  name: string,
  { pushes, docker }: Snapshot,
  backstop: object | undefined,
): Readonly<Record<string, number>> {
  const bySource: Readonly<Record<string, object | undefined>> = {
    catchpoint: pushes.byOutcome,
    backstop,
    docker: docker && dockerCounts(docker),
  };
  return Object.fromEntries(
    Object.entries((bySource[name] ?? {}) as Readonly<Record<string, number>>).filter(([, count]) => count > 0),
  );
}

function sourceNow(
  { name, points, deliveries, duplicates, failures, lastAtMs }: SourceSnapshot,
  pointsPerS: number,
  counts: SourceSummary['counts'],
  detail: string | undefined,
): SourceSummary {
  return { name, pointsPerS, points, deliveries, duplicates, failures, lastAtMs, counts, detail };
}

function sinkNow(sink: SinkSnapshot, acceptedPerS: number, nowMs: number): SinkSummary {
  const { name, accepted, rejected, kept, inFlight, lastError, failingSinceMs, isRequired, skipped } = sink;
  const { points, bytes, oldestAtMs } = sink.backlog;
  return {
    isRequired,
    skipped,
    annotationsSkipped: sink.annotations?.skipped,
    name,
    acceptedPerS,
    accepted,
    rejected,
    kept,
    inFlight,
    lastError,
    failingSinceMs,
    backlogPoints: points,
    backlogBytes: bytes,
    ...(oldestAtMs !== undefined && { backlogAgeMs: Math.max(0, nowMs - oldestAtMs) }),
  };
}

function nodesSummary({ nodes }: Snapshot): NodesSummary {
  const { known, refreshedAtMs, nextAtMs, lastError, changes } = nodes;
  return { known, refreshedAtMs, lastError, nextAtMs: Number.isFinite(nextAtMs) ? nextAtMs : undefined, changes };
}
