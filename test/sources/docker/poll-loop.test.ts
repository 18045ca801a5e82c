import test from 'ava';
import { pollLoop } from '../../../src/sources/docker/poll-loop.ts';
import type { PollSummary } from '../../../src/sources/docker/status.ts';
import { timePasses } from '../../fakes/passing-time.ts';
import { movableClock, type MovableClock } from '../../fakes/time.ts';

const summary: PollSummary = { atMs: 0, durationMs: 0, samples: 0, points: 0, skipped: {} };

/** Starts a loop of polls that take a time or fail, and records when each began. */
function started(clock: MovableClock, take: (poll: number) => number | Error) {
  const begins: number[] = [];
  const failures: string[] = [];
  const stop = new AbortController();
  const loop = pollLoop({
    async poll(signal) {
      begins.push(clock.steady());
      const outcome = take(begins.length);
      if (typeof outcome !== 'number') throw outcome;
      if (outcome > 0) await clock.sleep(outcome, { signal });
      return summary;
    },
    onFailure: ({ message }) => failures.push(message),
    pollMs: 1000,
    clock,
    random: () => 1,
  });
  const running = loop.run(stop.signal);
  return { loop, begins, failures, end: () => (stop.abort(), running) };
}

test('polls at once and then at a fixed rate, however long a poll takes', async (t) => {
  const clock = movableClock();
  const { loop, begins, end } = started(clock, (poll) => (poll % 2) * 400);
  await timePasses(clock, 3500, 100);
  t.deepEqual(begins, [0, 1000, 2000, 3000]);
  t.deepEqual(loop.counts(), { completed: 4, late: 0, failed: 0 });
  await end();
});

test('skips and counts the polls that are due while one runs', async (t) => {
  const clock = movableClock();
  const { loop, begins, end } = started(clock, (poll) => (poll === 1 ? 2500 : 0));
  await timePasses(clock, 4500, 100);
  t.deepEqual(begins, [0, 3000, 4000]);
  t.deepEqual(loop.counts(), { completed: 3, late: 2, failed: 0 });
  await end();
});

test('polls again after growing pauses while the engine lists no containers', async (t) => {
  const clock = movableClock();
  const { loop, begins, failures, end } = started(clock, (poll) => (poll < 4 ? new Error('away') : 0));
  await timePasses(clock, 8200, 100);
  t.deepEqual(begins, [0, 1000, 3000, 7000, 8000]);
  t.deepEqual(failures, ['away', 'away', 'away']);
  t.deepEqual(loop.counts(), { completed: 2, late: 0, failed: 3 });
  await end();
});

test('pauses for at most half a minute', async (t) => {
  const clock = movableClock();
  const { begins, end } = started(clock, () => new Error('away'));
  await timePasses(clock, 600_000, 500);
  t.is((begins.at(-1) ?? 0) - (begins.at(-2) ?? 0), 30_000);
  await end();
});

test('ends with the signal, in a poll and between two', async (t) => {
  const clock = movableClock();
  const { loop, end } = started(clock, () => 500);
  await clock.untilSomebodySleeps();
  await end();
  t.deepEqual(loop.counts(), { completed: 0, late: 0, failed: 0 });
});
