// The history of answered pushes for the status page: the latest pushes, and the latest runs as numbers.

import type { Points } from '../model/point.ts';
import type { Clock } from '../runtime/clock.ts';
import { type InternedIds, internedIds } from './interned-ids.ts';
import { type RecentPushes, recentPushes } from './recent-pushes.ts';
import { bucketOf } from './rtt-buckets.ts';
import { type RunRing, runRing } from './run-ring.ts';

export interface AnsweredPush {
  /** Its outcome: taken, missed, duplicate, malformed, … */
  readonly outcome: string;
  /** Undefined unless it was taken. */
  readonly run?: AnsweredRun;
  /** The reason why the push was not taken. */
  readonly reason?: string;
}

interface AnsweredRun {
  readonly measurement: {
    readonly testId: number;
    readonly nodeId: number;
    readonly testName?: string;
    readonly nodeName?: string;
    readonly rttMs?: number;
    readonly totalMs?: number;
    readonly error?: string;
  };
  readonly points: Points;
}

export interface PushHistory {
  /** Never throws; takes about a microsecond. */
  record(push: AnsweredPush): void;
  readonly recent: RecentPushes;
  readonly ring: RunRing;
  readonly nodes: InternedIds;
  readonly tests: InternedIds;
  /** As in the latest push of the test; empty when unknown. */
  testName(id: number): string;
  /** By the number in the ring. */
  errorText(number: number): string | undefined;
}

interface PushHistoryOptions {
  readonly clock: Clock;
  /** The rule that selects the duration used as RTT; see slices.ts. */
  readonly rtt: 'by-type' | 'total';
  /** Capacity of the ring, a power of two. */
  readonly runs?: number;
}

/** Ids, errors and names come from senders, so their number and length are bounded. */
const maxNodes = 8000;
const maxTests = 5000;
const maxErrors = 254;
const otherError = 255;
const maxNameLength = 80;
const outcomesWithPoints = new Set(['taken', 'missed', 'conflict']);

export function pushHistory({ clock, rtt, runs }: PushHistoryOptions): PushHistory {
  const [ring, nodes, tests, recent] = [runRing(runs), internedIds(maxNodes), internedIds(maxTests), recentPushes()];
  const names: (string | undefined)[] = [];
  const errors = new Map<string, number>();
  const errorTexts: (string | undefined)[] = [];

  function errorNumber(error: string | undefined): number {
    if (error === undefined) return 0;
    const known = errors.get(error);
    if (known !== undefined) return known;
    if (errors.size >= maxErrors) return otherError;
    errors.set(error, errors.size + 1);
    errorTexts[errors.size] = error;
    return errors.size;
  }

  function addRun({ measurement }: AnsweredRun, nowMs: number): void {
    const { testId, nodeId, testName, error } = measurement;
    const atS = Math.floor(nowMs / 1000);
    const test = tests.numberOf(testId, atS);
    if (test !== 0 && names[test] !== testName) names[test] = testName === undefined ? undefined : shortened(testName);
    const rttMs = (rtt === 'total' ? measurement.totalMs : measurement.rttMs) ?? NaN;
    const bucket = Number.isNaN(rttMs) ? 0 : bucketOf(rttMs);
    ring.add({ node: nodes.numberOf(nodeId, atS), test, rttMs, bucket, error: errorNumber(error), atS });
  }

  return {
    recent,
    ring,
    nodes,
    tests,
    record({ outcome, run, reason }) {
      const nowMs = clock.now();
      const hasPoints = run !== undefined && outcomesWithPoints.has(outcome);
      if (hasPoints) addRun(run, nowMs);
      if (!recent.isSampled(clock.steady())) return;
      recent.add(
        { atMs: nowMs, outcome, ...(run && fieldsOf(run, rtt)), ...(reason !== undefined && { reason }) },
        hasPoints ? run.points : [],
      );
    },
    testName: (id) => names[tests.find(id) ?? 0] ?? '',
    errorText: (number) => (number === 0 ? undefined : (errorTexts[number] ?? 'other')),
  };
}

function fieldsOf({ measurement }: AnsweredRun, rtt: PushHistoryOptions['rtt']): object {
  const { testId, nodeId, testName, nodeName, error, totalMs } = measurement;
  const rttMs = rtt === 'total' ? totalMs : measurement.rttMs;
  return {
    testId,
    nodeId,
    ...(testName !== undefined && { testName: shortened(testName) }),
    ...(nodeName !== undefined && { nodeName: shortened(nodeName) }),
    ...(error !== undefined && { error }),
    ...(rttMs !== undefined && { rttMs }),
  };
}

/** Copies the text: a slice would keep the whole text in memory. */
function shortened(text: string): string {
  return text.length <= maxNameLength ? text : Buffer.from(text.slice(0, maxNameLength)).toString();
}
