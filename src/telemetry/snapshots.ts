// Takes snapshots: joins the status of every part with the counters.

import { statfs } from 'node:fs/promises';
import type { AccessStatus } from '../auth/access-control.ts';
import type { ReloadStatus } from '../config/reload.ts';
import type { Outlets, SinkStatus } from '../outlet/outlets.ts';
import { noWrites, type WriteSnapshot } from '../outlet/sink-counts.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Spool } from '../spool/spool.ts';
import type { SinkWaiting, SpoolStatus } from '../spool/status.ts';
import type {
  ArchiveSnapshot,
  BackstopSnapshot,
  CardinalitySnapshot,
  DockerSnapshot,
  NodesSnapshot,
  SinkSnapshot,
  Snapshot,
  SpoolSnapshot,
  WorkersSnapshot,
} from './snapshot.ts';
import type { Telemetry } from './telemetry.ts';

interface WithStatus<Status> {
  status(): Status;
}

/** See CatchpointStatus in sources/catchpoint/catchpoint.ts. */
interface PushSourceStatus {
  /** Counts by outcome. */
  readonly pushes: object;
  readonly nodes: NodesSnapshot;
  readonly archive?: ArchiveSnapshot;
  readonly cardinality?: CardinalitySnapshot;
}

/** The parts of the bridge. Absent ones are absent in the snapshot as well. */
export interface SnapshotParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly version?: string;
  readonly counters: Pick<Telemetry, 'counts'>;
  readonly spool: Pick<Spool, 'status' | 'scarcity' | 'lost' | 'deadLetters' | 'isRestoring'>;
  readonly spoolDirectory: string;
  readonly outlets: Pick<Outlets, 'status' | 'restarts'>;
  readonly catchpoint?: WithStatus<PushSourceStatus> | undefined;
  readonly access?: WithStatus<AccessStatus>;
  readonly backstop?: WithStatus<BackstopSnapshot> | undefined;
  readonly docker?: WithStatus<DockerSnapshot> | undefined;
  readonly reloading?: WithStatus<ReloadStatus>;
  readonly workerPool?: WithStatus<WorkersSnapshot> | undefined;
}

/** Returns a function that takes a snapshot. */
export function snapshots(parts: SnapshotParts): () => Promise<Snapshot> {
  const { clock, version = '', counters, catchpoint, access, backstop, docker, reloading, workerPool, outlets } = parts;
  return async () => {
    const [status, freeBytes] = await Promise.all([
      parts.spool.status(),
      freeBytesOf(parts.spoolDirectory).catch(() => undefined),
    ]);
    const { pushes, nodes = noNodes, archive, cardinality } = catchpoint?.status() ?? {};
    const { answerTimes, lastRefusal, writes, pointsOfRemovedSinks, ...counts } = counters.counts();
    return {
      atMs: clock.now(),
      version,
      ...counts,
      takesPushes: catchpoint !== undefined,
      pushes: { byOutcome: { ...pushes }, answerTimes, lastRefusal },
      sinks: outlets.status().map((sink) => sinkSnapshot(sink, writes, status.sinks)),
      goneSinks: status.sinks.filter(({ isConfigured }) => isConfigured === false),
      nodes,
      spool: spoolSnapshot(parts.spool, status, freeBytes),
      parked: status.parked,
      deadLetters: { ...status.deadLetters, added: parts.spool.deadLetters.added() },
      malformed: status.malformed,
      archive,
      ...(access && { access: access.status() }),
      ...(cardinality && { cardinality }),
      ...(backstop && { backstop: { ...backstop.status() } }),
      ...(docker && { docker: docker.status() }),
      ...(reloading && { reloads: reloading.status() }),
      ...(workerPool && { workers: workerPool.status() }),
      ...(outlets.restarts && { outletRestarts: outlets.restarts() }),
      lost: { ...parts.spool.lost(), goneSinkPoints: pointsOfRemovedSinks },
    };
  };
}

const noNodes: NodesSnapshot = {
  known: 0,
  refreshes: 0,
  failures: 0,
  lastError: undefined,
  refreshedAtMs: undefined,
  nextAtMs: 0,
  everyMs: 0,
  changes: { added: 0, removed: 0, renamed: 0, movedAsn: 0, movedIsp: 0 },
  fileFault: undefined,
  notes: [],
};

/** The bytes that a user other than root may still write. */
async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

function sinkSnapshot(
  sink: SinkStatus,
  writes: readonly WriteSnapshot[],
  waiting: readonly SinkWaiting[],
): SinkSnapshot {
  const retrySet = waiting.find(({ name }) => name === sink.name)?.retrySet ?? { points: 0, bytes: 0 };
  return { ...noWrites, ...writes.find(({ name }) => name === sink.name), ...sink, retrySet };
}

function spoolSnapshot(
  spool: SnapshotParts['spool'],
  { waitingBytes, maxBytes, fileBytes, lastRecord, segments, suspectTails, dedup }: SpoolStatus,
  freeBytes: number | undefined,
): SpoolSnapshot {
  return {
    waitingBytes,
    maxBytes,
    fileBytes,
    freeBytes,
    lastRecord,
    segments,
    suspectTails,
    dedup,
    scarcity: spool.scarcity(),
    isRestoring: spool.isRestoring(),
  };
}
