// Watches the pushes as they are answered and keeps what the status page shows of them: the latest, and the latest runs.

import type { Clock } from '../runtime/clock.ts';
import type { Points } from '../model/point.ts';
import { type InternedIds, internedIds } from './interned-ids.ts';
import { type RecentPushes, recentPushes } from './recent-pushes.ts';
import { bucketOf } from './rtt-buckets.ts';
import { type RunRing, runRing } from './run-ring.ts';

/** A push that was answered. */
export interface SeenPush {
  /** What became of it: taken, missed, duplicate, malformed, … */
  readonly became: string;
  /** Of what was taken. */
  readonly run?: SeenRun;
  /** Why it was not taken. */
  readonly reason?: string;
}

export interface SeenRun {
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
  /** Never throws; takes a microsecond. */
  see(push: SeenPush): void;
  readonly recent: RecentPushes;
  readonly ring: RunRing;
  readonly nodes: InternedIds;
  readonly tests: InternedIds;
  /** What the push calls it; a text from outside. */
  testName(id: number): string;
  /** The text of a run's error by its number. */
  errorText(number: number): string | undefined;
}

export interface PushHistoryOptions {
  readonly clock: Clock;
  /** Which RTT the metrics have; see slices.ts. */
  readonly rtt: 'by-type' | 'total';
  /** How many runs are kept; a power of two. */
  readonly runs?: number;
}

/** Ids and names come from outside, so there is an end to how many of them are kept. */
const mostNodes = 8000;
const mostTests = 5000;
const mostErrors = 254;
const otherError = 255;
const longestName = 80;
const runsWithPoints = new Set(['taken', 'missed', 'conflict']);

export function pushHistory({ clock, rtt, runs }: PushHistoryOptions): PushHistory {
  const [ring, nodes, tests, recent] = [runRing(runs), internedIds(mostNodes), internedIds(mostTests), recentPushes()];
  const names: (string | undefined)[] = [];
  const errors = new Map<string, number>();
  const errorTexts: (string | undefined)[] = [];

  function errorNumber(error: string | undefined): number {
    if (error === undefined) return 0;
    const known = errors.get(error);
    if (known !== undefined) return known;
    if (errors.size >= mostErrors) return otherError;
    errors.set(error, errors.size + 1);
    errorTexts[errors.size] = error;
    return errors.size;
  }

  function note({ measurement }: SeenRun, nowMs: number): void {
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
    see({ became, run, reason }) {
      const nowMs = clock.now();
      const hasPoints = run !== undefined && runsWithPoints.has(became);
      if (hasPoints) note(run, nowMs);
      if (recent.isWanted(clock.steady()))
        recent.add(
          {
            atMs: nowMs,
            became,
            ...shown(run, rtt),
            ...(reason === undefined ? {} : { reason }),
          },
          hasPoints ? run.points : [],
        );
    },
    testName: (id) => names[tests.find(id) ?? 0] ?? '',
    errorText: (number) => (number === 0 ? undefined : (errorTexts[number] ?? 'other')),
  };
}

function shown(run: SeenRun | undefined, rtt: PushHistoryOptions['rtt']): object {
  if (run === undefined) return {};
  const { testId, nodeId, testName, nodeName, error, rttMs, totalMs } = run.measurement;
  const chosenMs = rtt === 'total' ? totalMs : rttMs;
  return {
    testId,
    nodeId,
    ...(testName === undefined ? {} : { testName: shortened(testName) }),
    ...(nodeName === undefined ? {} : { nodeName: shortened(nodeName) }),
    ...(error === undefined ? {} : { error }),
    ...(chosenMs === undefined ? {} : { rttMs: chosenMs }),
  };
}

/** A copy, for a slice would hold the whole of a long text in memory. */
function shortened(text: string): string {
  return text.length <= longestName ? text : Buffer.from(text.slice(0, longestName)).toString();
}
