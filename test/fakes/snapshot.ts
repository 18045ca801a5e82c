// A snapshot of a healthy bridge, for a test to change.

import type { Snapshot } from '../../src/telemetry/snapshot.ts';
import { noLosses } from '../../src/spool/losses.ts';

export const seenAtMs = Date.UTC(2026, 10, 18, 10);

const noTimes = { boundsSeconds: [0.01, 0.1], atMost: [1, 3], count: 4, sumSeconds: 5.5 };

/** Of a bridge with one sink, at 2026-11-18 10:00 UTC. */
export function snapshotOf(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    atMs: seenAtMs,
    startedAtMs: seenAtMs - 60_000,
    version: '1.2.3',
    isStopping: false,
    takesPushes: true,
    pushes: { byOutcome: { taken: 12, missed: 1, malformed: 0 }, answerTimes: noTimes, lastRefusal: undefined },
    sources: [
      { name: 'catchpoint', points: 168, deliveries: 13, duplicates: 2, failures: 1, lastAtMs: seenAtMs - 500 },
    ],
    sinks: [sinkOf()],
    goneSinks: [],
    nodes: {
      known: 312,
      refreshes: 2,
      failures: 1,
      lastError: undefined,
      refreshedAtMs: seenAtMs - 36e5,
      nextAtMs: seenAtMs + 1,
      everyMs: 864e5,
      fileFault: undefined,
      notes: [],
      changes: {
        added: 312,
        removed: 1,
        renamed: 2,
        movedAsn: 3,
        movedIsp: 4,
      },
    },
    spool: {
      waitingBytes: 1 << 20,
      maxBytes: 1 << 30,
      fileBytes: 1 << 21,
      freeBytes: 2 ** 40,
      lastRecord: 13,
      scarcity: undefined,
      isRestoring: false,
      segments: 2,
      suspectTails: 46,
      dedup: {
        runs: 47,
        bytes: 48,
        maxBytes: 96 << 20,
        windowMs: 72e5,
      },
    },
    parked: { count: 1, bytes: 300, nodes: 1 },
    deadLetters: { count: 2, bytes: 500, added: { rejected: 3 } },
    malformed: { count: 0, bytes: 0 },
    archive: undefined,
    access: {
      isOpen: false,
      tokens: 2,
      tokenFiles: {
        reloads: 3,
        failures: 1,
      },
      authentication: {
        unauthenticated: 5,
        awaiting: 6,
      },
      rotation: {
        rotations: 7,
        unauthenticated: 8,
        limited: 9,
        failed: 10,
        rotatedAtMs: seenAtMs - 6e4,
      },
      senders: {
        fitting: 11,
        strange: 12,
        unknown: 13,
        division: 14,
        client: 15,
      },
      connections: {
        open: 16,
        overAddress: 17,
        cut: 18,
        overAll: 19,
        handshakes: 20,
        headersTooLarge: 21,
        timedOut: 22,
        notHttp: 23,
      },
      requests: {
        inHand: 24,
        overAll: 25,
        overSender: 26,
      },
      bodies: {
        heldBytes: 27,
        givenUp: 28,
      },
      tls: {
        notAfterMs: seenAtMs + 60 * 864e5,
        reloads: 29,
        failures: 30,
      },
    },
    cardinality: {
      tests: { known: 31, most: 5000 },
      nodes: { known: 32, most: 5000 },
      tagValues: { error: { known: 33, most: 10_000 } },
    },
    backstop: {
      accepted: 34,
      rejected: 35,
      skipped: 36,
      duplicate: 37,
      malformed: 38,
      notAllowed: 39,
      refused: 40,
      failed: 41,
    },
    docker: {
      address: 'unix:///var/run/docker.sock',
      engine: { product: 'Docker', version: '20.10.24', apiVersion: '1.41', cgroupVersion: 1 },
      lastError: undefined,
      failingSinceMs: undefined,
      containers: { running: 50, exited: 51 },
      excluded: 52,
      lastPoll: { atMs: seenAtMs - 3000, durationMs: 120, samples: 9, skipped: { timeout: 2, gone: 0 } },
      polls: { completed: 53, late: 54, failed: 55 },
      samples: 56,
      skipped: { timeout: 57, 'not-measured': 58 },
      events: { isConnected: true, exits: 59, oomKills: 60, restarts: 61, lastError: undefined },
    },
    reloads: { isLastGood: true, lastGoodAtMs: seenAtMs - 30_000, succeeded: 42, failed: 43 },
    lost: { ...noLosses, goneSinkPoints: 0 },
    process: {
      startedAtMs: seenAtMs - 61e3,
      residentBytes: 1e8,
      heapUsedBytes: 2e7,
      heapTotalBytes: 3e7,
      externalBytes: 4e6,
      cpuSeconds: 1.5,
      eventLoopLag: {
        meanMs: 0.5,
        p99Ms: 2,
        maxMs: 30,
      },
    },
    ...changes,
  };
}

type SinkSeen = Snapshot['sinks'][number];

/** A healthy sink. */
export function sinkOf(changes: Partial<SinkSeen> = {}): SinkSeen {
  return {
    name: 'opentsdb',
    accepted: 160,
    rejected: 3,
    kept: 2,
    inFlight: 1,
    lastError: undefined,
    isRequired: true,
    skipped: 0,
    annotations: {
      written: 44,
      skipped: 45,
    },
    answered: 9,
    failed: 1,
    failingSinceMs: undefined,
    lastTakenAtMs: seenAtMs - 250,
    durations: noTimes,
    backlog: {
      points: 5,
      bytes: 600,
      oldestAtMs: seenAtMs - 1500,
    },
    retrySet: {
      points: 2,
      bytes: 200,
    },
    ...changes,
  };
}
