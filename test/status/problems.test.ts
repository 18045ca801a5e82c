// What the page and `top` say is wrong, and what has come in the last minutes.

import test from 'ava';
import { refusalCounts } from '../../src/auth/refusal-counts.ts';
import { type RecentIncreases, recentIncreases, type Moment } from '../../src/status/recent-increases.ts';
import { problemsOf } from '../../src/status/problems.ts';
import { statusMessageOf } from '../../src/status/status-message.ts';
import { seenAtMs, sinkOf, snapshotOf } from '../fakes/snapshot.ts';

const quiet: RecentIncreases = { minutes: 5, notTaken: {}, letters: {}, spoolGrowthPerS: 0 };
const besides = {
  letters: { counts: {}, isMore: false },
  recent: [],
  troubles: { alarms: [], warnings: [] },
  newLetters: 0,
  turnedAway: [0, 0],
  backstop: undefined,
} as const;

test('of a bridge that is well nothing is said', (t) => {
  t.deepEqual(problemsOf(snapshotOf(), quiet), { alarms: [], warnings: [] });
});

test('refused pushes and what is lost are alarms, and stand nowhere else', (t) => {
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

test('while a required sink takes nothing it is told when the spool will be full', (t) => {
  const spool = { ...snapshotOf().spool, waitingBytes: 2 ** 29 };
  const failing = sinkOf({ failingSinceMs: seenAtMs - 300_000, lastError: 'connect ECONNREFUSED' });
  const said = (sink: typeof failing, spoolGrowthPerS: number): readonly string[] =>
    problemsOf(snapshotOf({ spool, sinks: [sink] }), { ...quiet, spoolGrowthPerS }).warnings;
  t.deepEqual(said(failing, 100_000), [
    'opentsdb has taken nothing for 5 min (connect ECONNREFUSED); 5 points wait',
    'the spool grows by 97.7 KiB a second; in 89 min it is full, and pushes are refused from then on',
  ]);
  t.is(said(failing, 0).length, 1);
  t.is(said(failing, -5).length, 1);
  t.is(said({ ...failing, isRequired: false }, 100_000).length, 1);
  t.deepEqual(said(sinkOf(), 100_000), []);
});

test('what was not taken lately and new dead letters are told with their reasons', (t) => {
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

test('a configuration that cannot be used, and one that waits for a restart, are told', (t) => {
  const { warnings } = problemsOf(snapshotOf(), quiet, {
    fault: 'one: wrong\ntwo: wrong',
    needRestart: ['listen', 'state-dir'],
  });
  t.deepEqual(warnings, [
    'the configuration cannot be used, the last good one stays in effect: one: wrong; two: wrong',
    'changed, but in effect only after a restart: listen, state-dir',
  ]);
});

test('without Catchpoint nothing is said of its nodes', (t) => {
  const nodes = { ...snapshotOf().nodes, known: 0, refreshedAtMs: undefined };
  t.is(problemsOf(snapshotOf({ nodes }), quiet).warnings.length, 1);
  t.deepEqual(problemsOf(snapshotOf({ nodes, takesPushes: false }), quiet).warnings, []);
});

test('lately is five minutes, growth is told after one, and a clock set back begins anew', (t) => {
  const since = recentIncreases();
  const at = (seconds: number, malformed: number, waitingBytes: number): Moment => ({
    atMs: seconds * 1000,
    notTaken: { malformed, failed: 0 },
    letters: { expired: malformed * 2 },
    waitingBytes,
  });
  t.deepEqual(since(at(1000, 5, 0)), { minutes: 5, notTaken: {}, letters: {}, spoolGrowthPerS: 0 });
  t.deepEqual(since(at(1030, 6, 3000)), {
    minutes: 5,
    notTaken: { malformed: 1 },
    letters: { expired: 2 },
    spoolGrowthPerS: 0,
  });
  t.is(since(at(1100, 6, 10_000)).spoolGrowthPerS, 100);
  t.deepEqual(since(at(1301, 6, 20_000)).notTaken, {}, 'the one of 1000 has gone, that of 1030 counts from 6');
  t.deepEqual(since(at(1302, 9, 20_000)).notTaken, { malformed: 3 });
  t.deepEqual(since(at(500, 9, 20_000)), { minutes: 5, notTaken: {}, letters: {}, spoolGrowthPerS: 0 });
});

test('a sender that may not, and who was turned away before, count as not taken', (t) => {
  const before = snapshotOf();
  const after = snapshotOf({
    atMs: before.atMs + 2000,
    pushes: { ...before.pushes, byOutcome: { taken: 32, missed: 1, malformed: 0, denied: 4 } },
  });
  const now = statusMessageOf(after, before, { ...besides, turnedAway: [10, 16] });
  t.deepEqual([now.pushesPerS, now.notTakenPerS], [10, 5]);
  const counts = {
    overAll: 0,
    overAddress: 2,
    cut: 9,
    open: 0,
    handshakes: 0,
    headersTooLarge: 0,
    timedOut: 0,
    notHttp: 0,
  };
  const access = {
    door: { unauthenticated: 3, awaiting: 1 },
    requests: { inHand: 4, overAll: 5, overSender: 6 },
    connections: counts,
  };
  t.deepEqual(refusalCounts(access), { unauthenticated: 3, awaiting: 1, crowded: 5, overSender: 6, disconnected: 2 });
});

test('sources and sinks are told with what became of what they were given', (t) => {
  const seen = { points: 9, deliveries: 3, duplicates: 0, failures: 0, lastAtMs: seenAtMs };
  const sources = [
    { name: 'catchpoint', ...seen },
    { name: 'backstop', ...seen },
  ];
  const sinks = [sinkOf({ isRequired: false, skipped: 12, annotations: { written: 0, skipped: 5 } })];
  const now = statusMessageOf(snapshotOf({ sources, sinks, takesPushes: false }), snapshotOf(), {
    ...besides,
    backstop: { accepted: 9, skipped: 0, notAllowed: 2 },
  });
  t.deepEqual(
    now.sources.map(({ name, counts }) => [name, counts]),
    [
      ['catchpoint', { taken: 12, missed: 1 }],
      ['backstop', { accepted: 9, notAllowed: 2 }],
    ],
  );
  t.like(now.sinks[0], { isRequired: false, skipped: 12, annotationsSkipped: 5 });
  t.false(now.takesPushes);
});
