// The problems on the status page and in `top`, and recent increases.

import test from 'ava';
import { connectionCounts } from '../../src/auth/limits/connection-limit.ts';
import { refusalCounts } from '../../src/auth/refusal-counts.ts';
import { type RecentIncreases, recentIncreases, type CountsAt } from '../../src/status/recent-increases.ts';
import { dockerDetail } from '../../src/status/docker-detail.ts';
import { problemsOf } from '../../src/status/problems.ts';
import { statusMessageOf } from '../../src/status/status-message.ts';
import { seenAtMs, sinkOf, snapshotOf } from '../fakes/snapshot.ts';

const quiet: RecentIncreases = { minutes: 5, notTaken: {}, letters: {}, spoolGrowthPerS: 0 };
const extras = {
  letters: { counts: {}, isMore: false },
  recent: [],
  problems: { alarms: [], warnings: [] },
  newLetters: 0,
  refusedRequests: [0, 0],
  backstop: undefined,
} as const;

test('a healthy bridge has no problems', (t) => {
  t.deepEqual(problemsOf(snapshotOf(), quiet), { alarms: [], warnings: [] });
});

test('refused pushes and losses are alarms, and not warnings as well', (t) => {
  const { spool, lost } = snapshotOf();
  const { alarms, warnings } = problemsOf(
    snapshotOf({ spool: { ...spool, scarcity: '1 MiB free' }, lost: { ...lost, points: 7, retries: 2 } }),
    quiet,
  );
  t.deepEqual(alarms, [
    'Pushes are refused: the disk is nearly full: 1 MiB free',
    'lost, ever: 7 points, 2 writes to be made again',
  ]);
  t.deepEqual(warnings, []);
});

test('while a required sink fails, a warning says when the spool will be full', (t) => {
  const spool = { ...snapshotOf().spool, waitingBytes: 2 ** 29 };
  const failing = sinkOf({ failingSinceMs: seenAtMs - 300_000, lastError: 'connect ECONNREFUSED' });
  const warningsOf = (sink: typeof failing, spoolGrowthPerS: number): readonly string[] =>
    problemsOf(snapshotOf({ spool, sinks: [sink] }), { ...quiet, spoolGrowthPerS }).warnings;
  t.deepEqual(warningsOf(failing, 100_000), [
    'opentsdb has taken nothing for 5 min (connect ECONNREFUSED); 5 points wait',
    'the spool grows by 97.7 KiB a second; in 89 min it is full, and pushes are refused from then on',
  ]);
  t.is(warningsOf(failing, 0).length, 1);
  t.is(warningsOf(failing, -5).length, 1);
  t.is(warningsOf({ ...failing, isRequired: false }, 100_000).length, 1);
  t.deepEqual(warningsOf(sinkOf(), 100_000), []);
});

test('recent requests that were not taken, and new dead letters, are warnings with their reasons', (t) => {
  const { warnings } = problemsOf(snapshotOf(), {
    ...quiet,
    notTaken: { unauthenticated: 1200, malformed: 3 },
    letters: { rejected: 40 },
  });
  t.deepEqual(warnings, [
    'requests not taken in the last 5 min: 1,200 had no valid token (401), 3 were no pushes (answered 4xx)',
    'new dead letters in the last 5 min: 40 rejected',
  ]);
});

test('an unusable configuration, and settings that need a restart, are warnings', (t) => {
  const { warnings } = problemsOf(snapshotOf(), quiet, {
    fault: 'one: wrong\ntwo: wrong',
    needRestart: ['listen', 'state-dir'],
  });
  t.deepEqual(warnings, [
    'the configuration cannot be used, the last good one stays in effect: one: wrong; two: wrong',
    'changed, but in effect only after a restart: listen, state-dir',
  ]);
});

test('without the Catchpoint source a missing node directory is not a problem', (t) => {
  const nodes = { ...snapshotOf().nodes, known: 0, refreshedAtMs: undefined };
  t.is(problemsOf(snapshotOf({ nodes }), quiet).warnings.length, 1);
  t.deepEqual(problemsOf(snapshotOf({ nodes, takesPushes: false }), quiet).warnings, []);
});

test('increases are over five minutes, growth needs one, and a clock that is set back starts again', (t) => {
  const increases = recentIncreases();
  const at = (seconds: number, malformed: number, waitingBytes: number): CountsAt => ({
    atMs: seconds * 1000,
    notTaken: { malformed, failed: 0 },
    letters: { expired: malformed * 2 },
    waitingBytes,
  });
  t.deepEqual(increases(at(1000, 5, 0)), { minutes: 5, notTaken: {}, letters: {}, spoolGrowthPerS: 0 });
  t.deepEqual(increases(at(1030, 6, 3000)), {
    minutes: 5,
    notTaken: { malformed: 1 },
    letters: { expired: 2 },
    spoolGrowthPerS: 0,
  });
  t.is(increases(at(1100, 6, 10_000)).spoolGrowthPerS, 100);
  t.deepEqual(increases(at(1301, 6, 20_000)).notTaken, {}, 'the counts at 1000 are too old, those at 1030 have 6');
  t.deepEqual(increases(at(1302, 9, 20_000)).notTaken, { malformed: 3 });
  t.deepEqual(increases(at(500, 9, 20_000)), { minutes: 5, notTaken: {}, letters: {}, spoolGrowthPerS: 0 });
});

test('denied pushes and refused requests count as not taken', (t) => {
  const before = snapshotOf();
  const after = snapshotOf({
    atMs: before.atMs + 2000,
    pushes: { ...before.pushes, byOutcome: { taken: 32, missed: 1, malformed: 0, denied: 4 } },
  });
  const now = statusMessageOf(after, before, { ...extras, refusedRequests: [10, 16] });
  t.deepEqual([now.pushesPerS, now.notTakenPerS], [10, 5]);
  t.deepEqual(
    refusalCounts({
      authentication: { unauthenticated: 3, awaiting: 1 },
      requests: { inHand: 4, overAll: 5, overSender: 6 },
      connections: { ...connectionCounts(), overAddress: 2, cut: 9 },
    }),
    { unauthenticated: 3, awaiting: 1, crowded: 5, overSender: 6, disconnected: 2 },
  );
});

test('the message has the counts of sources and sinks', (t) => {
  const counted = { points: 9, deliveries: 3, duplicates: 0, failures: 0, lastAtMs: seenAtMs };
  const sources = [
    { name: 'catchpoint', ...counted },
    { name: 'backstop', ...counted },
    { name: 'docker', ...counted },
  ];
  const sinks = [sinkOf({ isRequired: false, skipped: 12, annotations: { written: 0, skipped: 5 } })];
  const now = statusMessageOf(snapshotOf({ sources, sinks, takesPushes: false }), snapshotOf(), {
    ...extras,
    backstop: { accepted: 9, skipped: 0, notAllowed: 2 },
  });
  t.deepEqual(
    now.sources.map(({ name, counts }) => [name, counts]),
    [
      ['catchpoint', { taken: 12, missed: 1 }],
      ['backstop', { accepted: 9, notAllowed: 2 }],
      ['docker', { samples: 56, timeout: 57, 'not-measured': 58 }],
    ],
  );
  t.deepEqual(
    now.sources.map(({ detail }) => detail),
    [
      undefined,
      undefined,
      'Docker 20.10.24, API 1.41, cgroup v1; 101 containers, 52 excluded; last poll 3 s ago in 120 ms; skipped: 2 timeout',
    ],
  );
  t.like(now.sinks[0], { isRequired: false, skipped: 12, annotationsSkipped: 5 });
  t.false(now.takesPushes);
});

test('the line of the Docker source says what the engine does not do', (t) => {
  const { docker } = snapshotOf();
  if (docker === undefined) return t.fail();
  const lineOf = (changes: Partial<typeof docker>): string => dockerDetail({ ...docker, ...changes }, seenAtMs);
  const before = { lastPoll: undefined, engine: undefined } as const;
  t.is(lineOf(before), 'connects to unix:///var/run/docker.sock');
  t.is(
    lineOf({ ...before, failingSinceMs: seenAtMs - 300_000, lastError: 'no engine at /var/run/docker.sock' }),
    'unix:///var/run/docker.sock has not answered for 5 min: no engine at /var/run/docker.sock',
  );
  t.is(
    lineOf({
      lastPoll: undefined,
      engine: { product: 'Podman', version: '', apiVersion: '1.40', cgroupVersion: undefined },
      events: { ...docker.events, isConnected: false, lastError: 'GET /v1.40/events: 403: Forbidden' },
    }),
    'Podman, API 1.40; no events: GET /v1.40/events: 403: Forbidden',
  );
});
