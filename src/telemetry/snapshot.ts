// The shape of a snapshot: the complete status of a running bridge at one moment. `/status` answers it as JSON.

import type { AccessStatus } from '../auth/access-control.ts';
import type { ReloadStatus } from '../config/reload.ts';
import type { SinkStatus } from '../outlet/outlets.ts';
import type { WriteSnapshot } from '../outlet/sink-counts.ts';
import type { DurationSnapshot } from '../runtime/duration-histogram.ts';
import type { Losses } from '../spool/losses.ts';
import type { Amount, SinkWaiting, SpoolStatus } from '../spool/status.ts';
import type { ProcessStatsSnapshot } from './process-stats.ts';
import type { SourceSnapshot } from './source-counts.ts';
import type { TelemetryCounts } from './telemetry.ts';

/** Times are ms since 1970 UTC. Counts are since the start of the process where nothing else is written. */
export interface Snapshot {
  readonly atMs: number;
  readonly startedAtMs: number;
  /** The version of the program; empty if unknown. */
  readonly version: string;
  readonly isStopping: boolean;
  /** False with --no-catchpoint. */
  readonly takesPushes: boolean;
  readonly pushes: PushesSnapshot;
  readonly sources: readonly SourceSnapshot[];
  /** The configured sinks. */
  readonly sinks: readonly SinkSnapshot[];
  /** Sinks that are no longer configured and still have a position in the spool. */
  readonly goneSinks: readonly SinkWaiting[];
  readonly nodes: NodesSnapshot;
  readonly spool: SpoolSnapshot;
  /** Measurements that wait for their node. */
  readonly parked: SpoolStatus['parked'];
  readonly deadLetters: DeadLettersSnapshot;
  /** Samples of malformed bodies. */
  readonly malformed: Amount;
  /** Undefined without --archive. */
  readonly archive: ArchiveSnapshot | undefined;
  /** Acknowledged data that is lost. */
  readonly lost: LossesSnapshot;
  readonly access?: AccessStatus;
  /** Absent with --no-catchpoint. */
  readonly cardinality?: CardinalitySnapshot;
  /** Absent without --backstop. */
  readonly backstop?: BackstopSnapshot;
  /** Absent without --docker. */
  readonly docker?: DockerSnapshot;
  /** Absent without --workers. */
  readonly workers?: WorkersSnapshot;
  /** The number of restarts of the outlet thread. Absent where the outlets run on the main thread. */
  readonly outletRestarts?: number;
  /** Absent where the configuration cannot be reloaded. */
  readonly reloads?: ReloadStatus;
  /** Undefined where main passes in no process stats. */
  readonly process: ProcessStatsSnapshot | undefined;
}

interface PushesSnapshot {
  /** Every push counts once. The outcomes are the members of PushCounts in sources/catchpoint/push.ts. */
  readonly byOutcome: Readonly<Record<string, number>>;
  readonly answerTimes: DurationSnapshot;
  readonly lastRefusal: TelemetryCounts['lastRefusal'];
}

/** An outlet, its sink and its backlog. */
export interface SinkSnapshot extends SinkStatus, Omit<WriteSnapshot, 'name'> {
  /** Points that the sink kept for a retry; part of the backlog. */
  readonly retrySet: SinkWaiting['retrySet'];
}

/** See RefreshStatus in sources/catchpoint/nodes/refresh.ts. */
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

type SpoolFigures = 'waitingBytes' | 'maxBytes' | 'fileBytes' | 'lastRecord' | 'segments' | 'suspectTails' | 'dedup';

export interface SpoolSnapshot extends Pick<SpoolStatus, SpoolFigures> {
  /** Free bytes of the spool's disk; undefined if they cannot be read. */
  readonly freeBytes: number | undefined;
  /** The reason why the spool refuses appends while the disk is nearly full. */
  readonly scarcity: string | undefined;
  /** True while records of an earlier version are being drained. */
  readonly isRestoring: boolean;
}

/** Counts on over restarts, except `goneSinkPoints`. */
export interface LossesSnapshot extends Losses {
  /** Points of sinks that were not configured for a week; since the start of the process. */
  readonly goneSinkPoints: number;
}

interface DeadLettersSnapshot extends Amount {
  /** New dead letters by kind. The same content counts each time. */
  readonly added: Readonly<Record<string, number>>;
}

export interface ArchiveSnapshot {
  readonly archived: number;
  readonly lost: number;
  readonly lastError: string | undefined;
}

/** See BackstopCounts in sources/backstop/routes.ts. */
export interface BackstopSnapshot {
  readonly accepted: number;
  readonly rejected: number;
  readonly skipped: number;
  readonly duplicate: number;
  readonly malformed: number;
  readonly notAllowed: number;
  readonly refused: number;
  readonly failed: number;
}

export interface DockerPollSnapshot {
  readonly atMs: number;
  readonly durationMs: number;
  readonly samples: number;
  /** By reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** See DockerStatus in sources/docker/status.ts. */
export interface DockerSnapshot {
  readonly address: string;
  readonly engine:
    | {
        readonly version: string;
        readonly apiVersion: string;
        readonly product: string;
        readonly cgroupVersion: 1 | 2 | undefined;
      }
    | undefined;
  readonly lastError: string | undefined;
  readonly failingSinceMs: number | undefined;
  readonly containers: Readonly<Record<string, number>>;
  readonly excluded: number;
  readonly lastPoll: DockerPollSnapshot | undefined;
  readonly polls: { readonly completed: number; readonly late: number; readonly failed: number };
  readonly samples: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly events: {
    readonly isConnected: boolean;
    readonly exits: number;
    readonly oomKills: number;
    readonly restarts: number;
    readonly lastError: string | undefined;
  };
}

/** See WorkerPoolStatus in workers/worker-pool.ts. */
export interface WorkersSnapshot {
  readonly wanted: number;
  readonly running: number;
  readonly replaced: number;
}

/** See CardinalityStatus in sources/catchpoint/cardinality/guard.ts. */
export interface CardinalitySnapshot {
  readonly tests: CardinalityUse;
  readonly nodes: CardinalityUse;
  /** By tag name. */
  readonly tagValues: Readonly<Record<string, CardinalityUse>>;
}

export interface CardinalityUse {
  readonly known: number;
  readonly most: number;
}
