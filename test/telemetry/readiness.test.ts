// Readiness: the reasons for not ready, and the warnings.

import test from 'ava';
import { readiness } from '../../src/telemetry/readiness.ts';
import type { Snapshot } from '../../src/telemetry/snapshot.ts';
import { seenAtMs, sinkOf, snapshotOf } from '../fakes/snapshot.ts';

const healthy = snapshotOf();

test('a healthy bridge is ready without warnings', (t) => {
  t.deepEqual(readiness(healthy), { isReady: true, reasons: [], warnings: [] });
});

const reasons: [title: string, changes: Partial<Snapshot>, reason: string][] = [
  ['that is stopping', { isStopping: true }, 'the bridge is stopping'],
  [
    'with a full spool',
    { spool: { ...healthy.spool, waitingBytes: 2 ** 30 } },
    'the spool is full: 1 GiB wait, at most 1 GiB may',
  ],
  [
    'with a nearly full disk',
    { spool: { ...healthy.spool, scarcity: 'disk: no space left' } },
    'the disk is nearly full: disk: no space left',
  ],
  [
    'with too many dead letters',
    { deadLetters: { ...healthy.deadLetters, bytes: 2 ** 28 } },
    'there are too many dead letters: 256 MiB, at most 128 MiB',
  ],
  [
    'that refused the last push',
    { pushes: { ...healthy.pushes, lastRefusal: { atMs: seenAtMs - 400, reason: 'spool: cannot be written' } } },
    'the last push, 0 s ago, was refused: spool: cannot be written',
  ],
];
for (const [title, changes, reason] of reasons) {
  test(`a bridge ${title} is not ready, and reports the reason`, (t) => {
    t.like(readiness(snapshotOf(changes)), { isReady: false, reasons: [reason] });
  });
}

test('a refusal makes the bridge not ready until the next stored push, for 30 s at most', (t) => {
  const refusedAt = (atMs: number): Partial<Snapshot> => ({
    pushes: { ...healthy.pushes, lastRefusal: { atMs, reason: 'full' } },
  });
  t.true(readiness(snapshotOf(refusedAt(seenAtMs - 600))).isReady);
  t.false(readiness(snapshotOf(refusedAt(seenAtMs - 400))).isReady);
  t.false(readiness(snapshotOf({ ...refusedAt(seenAtMs - 30_000), sources: [] })).isReady);
  t.true(readiness(snapshotOf({ ...refusedAt(seenAtMs - 30_001), sources: [] })).isReady);
});

const nodes = (changes: Partial<Snapshot['nodes']>): Partial<Snapshot> => ({ nodes: { ...healthy.nodes, ...changes } });
const waiting = { points: 14, bytes: 900, oldestAtMs: seenAtMs - 7_300_000 };
const goneSink = { name: 'old', through: 1, backlog: waiting, retrySet: { points: 0, bytes: 0 }, isConfigured: false };

const warnings: [title: string, changes: Partial<Snapshot>, warning: string][] = [
  [
    'a dead sink',
    { sinks: [sinkOf({ failingSinceMs: seenAtMs - 300_000, lastError: 'connect ECONNREFUSED', backlog: waiting })] },
    'opentsdb has taken nothing for 5 min (connect ECONNREFUSED); 14 points wait',
  ],
  ['a sink that lags', { sinks: [sinkOf({ backlog: waiting })] }, 'opentsdb lags: 14 points wait, the oldest for 2 h'],
  [
    'a sink that skipped points',
    { sinks: [sinkOf({ skipped: 7 })] },
    'opentsdb has missed 7 points, ever, since too much waited for it',
  ],
  [
    'an empty node directory',
    nodes({ known: 0, refreshedAtMs: undefined, lastError: '401' }),
    'the node directory is empty; pushes wait for their nodes; the last refresh failed: 401',
  ],
  [
    'a stale node directory',
    nodes({ refreshedAtMs: seenAtMs - 259_200_000 }),
    'the node directory is stale: 3 days old',
  ],
  [
    'a node directory that cannot be stored',
    nodes({ fileFault: 'EACCES' }),
    'the node directory is in memory alone: EACCES',
  ],
  [
    'an incomplete node directory',
    nodes({ notes: ['regions', 'continents'] }),
    'the node directory lacks something: regions; continents',
  ],
  ['a nearly full spool', { spool: { ...healthy.spool, waitingBytes: 0.9 * 2 ** 30 } }, 'the spool is 90 % full'],
  [
    'a disk too small for the spool',
    { spool: { ...healthy.spool, freeBytes: 1000 } },
    "the spool's disk has 1000 B free, less than the spool may grow by",
  ],
  [
    'points of a removed sink',
    { goneSinks: [goneSink] },
    '14 points wait for old, which is not configured; after a week they are lost',
  ],
  [
    'many dead letters',
    { deadLetters: { count: 9, bytes: 2 ** 26, added: {} } },
    '9 dead letters take 64 MiB; at 128 MiB pushes are refused',
  ],
  ['a loss', { lost: { ...healthy.lost, points: 28, records: 2 } }, 'lost, ever: 2 deliveries, 28 points'],
  [
    'a spool of an earlier version',
    { spool: { ...healthy.spool, isRestoring: true } },
    'what an earlier version has stored is drained still; its store stays until then',
  ],
  [
    'a Docker engine that does not answer',
    {
      ...(healthy.docker && { docker: { ...healthy.docker, failingSinceMs: seenAtMs - 300_000, lastError: 'ENOENT' } }),
    },
    'the Docker engine at unix:///var/run/docker.sock has not answered for 5 min (ENOENT)',
  ],
  [
    'a Docker engine of which no container is sampled',
    {
      ...(healthy.docker && {
        docker: {
          ...healthy.docker,
          lastPoll: { atMs: seenAtMs, durationMs: 9, samples: 0, skipped: { 'engine-error': 12, gone: 0, slow: 1 } },
        },
      }),
    },
    'no container was sampled in the last poll of the Docker engine: 12 engine-error, 1 slow',
  ],
  [
    'an archive that is not written',
    { archive: { archived: 1, lost: 2, lastError: 'ENOSPC' } },
    'pushes are not archived: ENOSPC',
  ],
];
for (const [title, changes, warning] of warnings) {
  test(`${title} is a warning only`, (t) => {
    t.deepEqual(readiness(snapshotOf(changes)), { isReady: true, reasons: [], warnings: [warning] });
  });
}

test('an invalid configuration and an expiring certificate are warnings', (t) => {
  const { reloads, access } = healthy;
  const certificate = (leftDays: number): Partial<Snapshot> => ({
    ...(access?.tls && { access: { ...access, tls: { ...access.tls, notAfterMs: seenAtMs + leftDays * 86_400_000 } } }),
  });
  const warningsOf = (changes: Partial<Snapshot>): readonly string[] => readiness(snapshotOf(changes)).warnings;
  t.deepEqual(
    warningsOf({ ...(reloads && { reloads: { ...reloads, isLastGood: false, lastGoodAtMs: seenAtMs - 120_000 } }) }),
    ['the configuration as it stands cannot be used; the last good one, 2 min old, stays in effect'],
  );
  t.deepEqual(warningsOf(certificate(14)), []);
  t.deepEqual(warningsOf(certificate(13.5)), ['the certificate of the push listener expires within 14 days']);
  t.deepEqual(warningsOf(certificate(0)), [
    'the certificate of the push listener has expired; senders that look do not push',
  ]);
});

test('a bridge without a running worker is not ready; fewer workers than configured are a warning', (t) => {
  const of = (running: number): ReturnType<typeof readiness> =>
    readiness(snapshotOf({ workers: { wanted: 2, running, replaced: 1 } }));
  t.deepEqual(of(2), { isReady: true, reasons: [], warnings: [] });
  t.deepEqual(of(1), { isReady: true, reasons: [], warnings: ['1 of 2 workers take requests'] });
  t.deepEqual(of(0), { isReady: false, reasons: ['no worker takes requests'], warnings: [] });
});
