// Only a plausible listing or a newer file replaces the directory.

import test from 'ava';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { timePasses } from '../../../fakes/passing-time.ts';
import { hourMs, listing, minuteMs, never, nodes, triedRefresh } from '../../../fakes/refreshing.ts';

for (const [title, bad, reason] of [
  ['an empty listing', listing([]), /it is empty/],
  ['half a listing', listing(nodes(50)), /of the 100 active nodes known it holds only 50/],
  ['a listing of other nodes', listing(nodes(200).slice(100)), /it holds only 0/],
  ['a listing of unusable entries', listing(nodes(100), { skipped: 60 }), /60 of its 160 entries/],
] as const) {
  test(`${title} does not replace the directory, in memory or on disk`, async (t) => {
    const { start, file, answerWith, clock } = await triedRefresh(t);
    const { directory, refresher } = start();
    await refresher.refreshNow({ signal: never() });
    const before = await readFile(file.path, 'utf8');
    await clock.advance(hourMs);
    answerWith(() => bad);
    await t.throwsAsync(refresher.refreshNow({ signal: never() }), { name: 'ImplausibleListing', message: reason });
    t.is(directory.all().length, 100);
    t.is(await readFile(file.path, 'utf8'), before);
    t.like(refresher.status(), { refreshes: 1, failures: 1 });
  });
}

test('an accepted implausible listing replaces the directory, an empty one never does', async (t) => {
  const { start, answerWith } = await triedRefresh(t);
  const { directory, refresher } = start();
  await refresher.refreshNow({ signal: never() });
  answerWith(() => listing([]));
  await t.throwsAsync(refresher.refreshNow({ accept: true, signal: never() }), { message: /it is empty/ });
  answerWith(() => listing(nodes(10)));
  t.like(await refresher.refreshNow({ accept: true, signal: never() }), { total: 10, removed: 90 });
  t.is(directory.all().filter(({ retiredAtMs }) => retiredAtMs === undefined).length, 10);
});

test('a small nodes file replaces the directory', async (t) => {
  const { start, answerWith } = await triedRefresh(t);
  const { refresher } = start();
  await refresher.refreshNow({ signal: never() });
  answerWith(() => listing(nodes(2), { trusted: true }));
  t.like(await refresher.refreshNow({ signal: never() }), { total: 2 });
});

test('a missing node is still found for seven days', async (t) => {
  const { clock, start, answerWith } = await triedRefresh(t);
  const { directory, refresher } = start();
  await refresher.refreshNow({ signal: never() });
  answerWith(() => listing(nodes(99)));
  await refresher.refreshNow({ signal: never() });
  t.like(directory.find(100), { active: false, retiredAtMs: clock.now() });
  await clock.advance(7 * 24 * hourMs - 1);
  await refresher.refreshNow({ signal: never() });
  t.not(directory.find(100), undefined);
  await clock.advance(1);
  await refresher.refreshNow({ signal: never() });
  t.is(directory.find(100), undefined);
});

test('concurrent refreshes share one listing', async (t) => {
  const { start, listedAtMs } = await triedRefresh(t);
  const { refresher } = start();
  const outcomes = await Promise.all([1, 2, 3].map(() => refresher.refreshNow({ signal: never() })));
  t.is(listedAtMs.length, 1);
  t.deepEqual(
    outcomes.map(({ total }) => total),
    [100, 100, 100],
  );
});

test('a listing with gaps is reported, and repeated within the hour', async (t) => {
  const { clock, start, answerWith } = await triedRefresh(t);
  answerWith(() => listing(nodes(3), { notes: ['continents: nothing is filled in'] }));
  const { refresher } = start();
  await refresher.refreshNow({ signal: never() });
  const { notes, nextAtMs, failures } = refresher.status();
  t.deepEqual([notes, failures], [['continents: nothing is filled in'], 0]);
  t.is(nextAtMs - clock.now(), hourMs);
});

test('a newer file of another process is read within five minutes', async (t) => {
  const { clock, start, file, listedAtMs } = await triedRefresh(t);
  const { directory, running, sizes } = start();
  void running();
  await clock.untilSomebodySleeps();
  await file.write({ refreshedAtMs: clock.now() + 1, nodes: nodes(7) });
  await utimes(file.path, 1, 1);
  await timePasses(clock, 6 * minuteMs);
  t.is(directory.all().length, 7);
  t.deepEqual(sizes, [100, 7]);
  t.is(listedAtMs.length, 1);
});

test('a directory that cannot be written is used from memory', async (t) => {
  const { start, stateDir } = await triedRefresh(t);
  await writeFile(join(stateDir, 'nodes'), 'a file where the directory should be');
  const { directory, refresher } = start();
  await t.notThrowsAsync(refresher.refreshNow({ signal: never() }));
  t.is(directory.all().length, 100);
  t.regex(refresher.status().fileFault ?? '', /^E/);
});

test('an unusable file leaves the directory empty', async (t) => {
  const { start, stateDir } = await triedRefresh(t);
  await mkdir(join(stateDir, 'nodes'));
  await writeFile(join(stateDir, 'nodes', 'directory.json'), 'mangled');
  const { directory, refresher } = start();
  t.false(await refresher.load());
  t.is(directory.refreshedAtMs(), undefined);
});
