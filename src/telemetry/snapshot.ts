// All that can be told of a running bridge at one moment, in one shape: for /metrics, /status, readiness and whoever shows it.

import { statfs } from 'node:fs/promises';
import type { AccessStatus } from '../auth/access-control.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SinkStatus } from '../outlet/outlets.ts';
import type { ReloadSeen } from '../config/reload.ts';
import type { DedupStatus } from '../spool/dedup/dedup.ts';
import type { Losses } from '../spool/losses.ts';
import type { Spool } from '../spool/spool.ts';
import type { Amount, SinkWaiting, SpoolStatus } from '../spool/status.ts';
import type { DurationSnapshot } from '../runtime/duration-histogram.ts';
import { noWrites, type WriteSnapshot } from '../outlet/sink-counts.ts';
import type { SourceSnapshot } from './source-counts.ts';
import type { Counted, Telemetry } from './telemetry.ts';
import type { ProcessStatsSnapshot } from './process-stats.ts';

/** Times are ms since 1970 UTC; counts are since the start of the process unless something else is said. */
export interface Snapshot {
  readonly atMs: number;
  readonly startedAtMs: number;
  /** Of the program; empty where nobody has told it. */
  readonly version: string;
  readonly isStopping: boolean;
  /** Whether Catchpoint's pushes are taken at all. */
  readonly takesPushes: boolean;
  readonly pushes: PushesSnapshot;
  readonly sources: readonly SourceSnapshot[];
  /** Those that are configured. */
  readonly sinks: readonly SinkSnapshot[];
  /** Sinks that are configured no more, for which something is held. */
  readonly goneSinks: readonly SinkWaiting[];
  readonly nodes: NodesSnapshot;
  readonly spool: SpoolSnapshot;
  /** Measurements that wait for their node. */
  readonly parked: SpoolStatus['parked'];
  readonly deadLetters: DeadLettersSnapshot;
  /** Samples of bodies that were no pushes. */
  readonly malformed: Amount;
  /** Undefined where nothing is archived. */
  readonly archive: ArchiveSnapshot | undefined;
  /** What had been acknowledged and is gone; must stay nothing. */
  readonly lost: LossesSnapshot;
  /** Who was let in, and who was not. */
  readonly access?: AccessStatus;
  /** How much is known of how much that pushes may bring; undefined where no pushes are taken. */
  readonly cardinality?: CardinalitySnapshot;
  /** What became of what came in Backstop's way, by outcome; undefined where nothing does. */
  readonly backstop?: Readonly<Record<string, number>>;
  /** Processes that take requests; undefined where there are none. */
  readonly workers?: WorkersSnapshot;
  /** How often the thread of the outlets was started again; undefined where they have none. */
  readonly outletRestarts?: number;
  /** What came of reading the configuration anew; undefined where nobody does. */
  readonly reloads?: ReloadSeen;
  /** Undefined where nobody lets the process be seen. */
  readonly process: ProcessStatsSnapshot | undefined;
}

export interface PushesSnapshot {
  /** Every push counts once, under one of the words of PushCounts in sources/catchpoint/push.ts. */
  readonly byOutcome: Readonly<Record<string, number>>;
  readonly answerTimes: DurationSnapshot;
  readonly lastRefusal: Counted['lastRefusal'];
}

/** An outlet, its sink, and what waits for it. */
export interface SinkSnapshot extends SinkStatus, Omit<WriteSnapshot, 'name'> {
  /** Points that it could not take at the time; in the backlog, too. */
  readonly retrySet: SinkWaiting['retrySet'];
}

/** As nodes/refresh.ts has it. */
export interface NodesSnapshot {
  readonly known: number;
  readonly refreshes: number;
  readonly failures: number;
  readonly lastError: string | undefined;
  readonly refreshedAtMs: number | undefined;
  readonly nextAtMs: number;
  readonly everyMs: number;
  /** All changes since the start. */
  readonly changes: {
    readonly added: number;
    readonly removed: number;
    readonly renamed: number;
    readonly movedAsn: number;
    readonly movedIsp: number;
  };
  readonly fileFault: string | undefined;
  readonly notes: readonly string[];
}

export interface SpoolSnapshot {
  /** What counts against the bound. */
  readonly waitingBytes: number;
  readonly maxBytes: number;
  readonly fileBytes: number;
  /** Of the disk that it is on; undefined when that cannot be asked. */
  readonly freeBytes: number | undefined;
  /** Deliveries with points that were ever appended. */
  readonly lastRecord: number;
  /** Why nothing is taken now, since the disk is nearly full; undefined when there is room. */
  readonly scarcity: string | undefined;
  readonly segments: number;
  /** Last groups that were torn or damaged and are kept aside, ever. */
  readonly suspectTails: number;
  readonly dedup: DedupStatus;
  /** Whether records that an earlier version stored still wait. */
  readonly isRestoring: boolean;
}

/** Ever, over restarts, but for the last. */
export interface LossesSnapshot extends Losses {
  /** Waited for a sink that was not configured for a week; since the start. */
  readonly goneSinkPoints: number;
}

export interface DeadLettersSnapshot extends Amount {
  /** How often something became a dead letter since the start, by kind; the same content counts each time. */
  readonly added: Readonly<Record<string, number>>;
}

export interface ArchiveSnapshot {
  readonly archived: number;
  readonly lost: number;
  readonly lastError: string | undefined;
}

/** As workers/crew.ts has it. */
export interface WorkersSnapshot {
  readonly wanted: number;
  readonly running: number;
  /** Since the start. */
  readonly replaced: number;
}

interface Filling {
  readonly known: number;
  readonly most: number;
}

/** As cardinality/guard.ts has it; `tagValues` by the name of the tag. */
export interface CardinalitySnapshot {
  readonly tests: Filling;
  readonly nodes: Filling;
  readonly tagValues: Readonly<Record<string, Filling>>;
}

/** What the source of pushes tells of itself. */
export interface PushSource {
  /** How often, by outcome. */
  readonly pushes: object;
  readonly nodes: NodesSnapshot;
  readonly archive?: ArchiveSnapshot;
  readonly cardinality?: CardinalitySnapshot;
}

export interface SnapshotParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
  readonly counters: Pick<Telemetry, 'counted'>;
  readonly outlets: () => readonly SinkStatus[];
  /** How often the thread of the outlets was started again; absent where they have none. */
  readonly outletRestarts?: (() => number) | undefined;
  /** Undefined where no pushes are taken. */
  readonly catchpoint: () => PushSource | undefined;
  readonly spool: Pick<Spool, 'status' | 'scarcity' | 'lost' | 'deadLetters' | 'isRestoring'>;
  readonly access?: () => AccessStatus;
  readonly backstop?: () => object | undefined;
  readonly reloads?: (() => ReloadSeen) | undefined;
  readonly workers?: (() => WorkersSnapshot) | undefined;
  /** Of the spool's disk. */
  readonly freeBytes: () => Promise<number>;
}

/** Takes a snapshot whenever it is called. */
export function snapshots(parts: SnapshotParts): () => Promise<Snapshot> {
  return async () => {
    const [spool, freeBytes] = await Promise.all([parts.spool.status(), parts.freeBytes().catch(() => undefined)]);
    const source = parts.catchpoint();
    const { pushes, nodes, archive, cardinality } = source ?? noPushes;
    const backstop = parts.backstop?.();
    const { answerTimes, lastRefusal, writes, goneSinkLostPoints, ...counted } = parts.counters.counted();
    const {
      waitingBytes,
      maxBytes,
      fileBytes,
      lastRecord,
      parked,
      deadLetters,
      malformed,
      segments,
      suspectTails,
      dedup,
    } = spool;
    return {
      atMs: parts.clock.now(),
      version: parts.version,
      ...counted,
      takesPushes: source !== undefined,
      pushes: { byOutcome: { ...(pushes as Readonly<Record<string, number>>) }, answerTimes, lastRefusal },
      sinks: parts.outlets().map((outlet) => sinkSeen(outlet, writes, spool.sinks)),
      goneSinks: spool.sinks.filter(({ isConfigured }) => isConfigured === false),
      nodes,
      spool: {
        waitingBytes,
        maxBytes,
        fileBytes,
        freeBytes,
        lastRecord,
        segments,
        suspectTails,
        dedup,
        scarcity: parts.spool.scarcity(),
        isRestoring: parts.spool.isRestoring(),
      },
      parked,
      deadLetters: { ...deadLetters, added: parts.spool.deadLetters.added() },
      malformed,
      archive,
      ...(parts.access && { access: parts.access() }),
      ...(cardinality && { cardinality }),
      ...(backstop !== undefined && { backstop: { ...(backstop as Readonly<Record<string, number>>) } }),
      ...(parts.reloads && { reloads: parts.reloads() }),
      ...(parts.workers && { workers: parts.workers() }),
      ...(parts.outletRestarts && { outletRestarts: parts.outletRestarts() }),
      lost: { ...parts.spool.lost(), goneSinkPoints: goneSinkLostPoints },
    };
  };
}

/** Where pushes are not taken. */
const noPushes: PushSource = {
  pushes: {},
  nodes: {
    known: 0,
    refreshes: 0,
    failures: 0,
    lastError: undefined,
    refreshedAtMs: undefined,
    nextAtMs: 0,
    everyMs: 0,
    changes: {
      added: 0,
      removed: 0,
      renamed: 0,
      movedAsn: 0,
      movedIsp: 0,
    },
    fileFault: undefined,
    notes: [],
  },
};

/** Of the disk that a directory is on, to those who are not root. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function sinkSeen(outlet: SinkStatus, writes: readonly WriteSnapshot[], waiting: readonly SinkWaiting[]): SinkSnapshot {
  const named = <One extends { readonly name: string }>(all: readonly One[]): One | undefined =>
    all.find(({ name }) => name === outlet.name);
  return { ...noWrites, ...named(writes), ...outlet, retrySet: named(waiting)?.retrySet ?? { points: 0, bytes: 0 } };
}
