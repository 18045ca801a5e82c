// What comes back of a damaged store, whoever it waited for and however often it is damaged: each thing once, each loss told once.

import test from 'ava';
import { readdirSync } from 'node:fs';
import { copyOf, drained, isWhole, restored, stateWithStore, worded, zeroPage } from '../damage/damaged-spool.ts';
import { pointsOf } from '../damage/stored.ts';

test('what waited for a sink that is gone is held for it over damage, its retry set as well, and it goes on where it was', async (t) => {
  const { directory, start, suspect, messages, said } = await stateWithStore(t);
  const first = await start();
  const other = await first.spool.reader('other');
  await drained(first.reader);
  for (let delivery = 1001; delivery <= 1060; delivery += 1) await first.spool.append(pointsOf(delivery));
  const batch = other.next(100);
  t.true(batch !== undefined);
  if (batch !== undefined) await other.finish(batch, { letters: [], kept: batch.points.slice(0, 5), notBeforeMs: 0 });
  const waited = other.backlog().points;
  await drained(first.reader);
  await first.spool.close();
  zeroPage(directory, 'records leaf');
  suspect();
  const { spool, reader } = await start();
  await spool.markGoneSinks();
  t.is(await spool.append(pointsOf(2001)), 'stored');
  await restored(spool, () => messages().some((message) => message.startsWith('the damaged spool is restored')));
  t.is(await spool.append(pointsOf(2002)), 'stored');
  const { points } = spool.lost();
  t.true(points > 0);
  t.deepEqual(await spool.markGoneSinks(), [{ name: 'other', points: waited - points }]);
  t.like(said().find(({ msg }) => msg.startsWith('the damaged spool is restored')), { heldFor: ['other'] });
  t.is(worded(await drained(reader)), worded(new Map([2001, 2002].map((delivery) => [delivery, pointsOf(delivery).length]))));
  await spool.close();
  const later = await start();
  const back = await later.spool.reader('other');
  t.deepEqual([later.reader.backlog().points, back.backlog().points], [21, waited - points]);
  t.is(back.nextRetry()?.points.length, 5);
  const counts = await drained(back);
  t.true(isWhole(counts) && [...counts.keys()].every((delivery) => delivery > 1000 && delivery <= 1060));
});

test('a sink that was gone before the damage is forgotten a week after it went, and what is put back for it counts as lost then', async (t) => {
  const { directory, start, suspect, messages, goOn } = await stateWithStore(t);
  const first = await start();
  await first.spool.reader('other');
  await first.spool.append(pointsOf(1001));
  await first.spool.close();
  const second = await start();
  t.deepEqual(await second.spool.markGoneSinks(), [{ name: 'other', points: 14 }]);
  await second.spool.close();
  zeroPage(directory, 'records branch');
  suspect();
  const { spool } = await start();
  goOn(8 * 86_400_000);
  await restored(spool, () => messages().includes('the damaged spool is restored'));
  t.deepEqual(await spool.tidy(), [{ name: 'other', points: 14 }]);
});

test('when the new store is damaged before it has got back all of the first one, everything comes back once', async (t) => {
  const { directory, stateDir, start, suspect, messages } = await stateWithStore(t);
  const all = await drained((await copyOf(t, directory)).reader);
  zeroPage(directory, 'records branch');
  suspect();
  const first = await start();
  await first.spool.append(pointsOf(3001));
  await restored(first.spool, () => first.reader.backlog().points > 2000);
  t.false(messages().includes('the damaged spool is restored'));
  await first.spool.close();
  zeroPage(directory, 'records branch');
  suspect();
  const second = await start();
  await restored(second.spool, () => second.reader.backlog().points > 500);
  await second.spool.close();
  const { spool, reader } = await start();
  await restored(spool, () => messages().filter((message) => message.startsWith('the damaged spool is restored')).length === 2);
  t.is(worded(await drained(reader)), worded(all.set(3001, pointsOf(3001).length)));
  t.deepEqual(Object.values(spool.lost()).filter((count) => count > 0), []);
  t.is(reader.backlog().points, 21);
  t.is(readdirSync(stateDir).filter((name) => name.startsWith('spool.damaged-')).length, 2);
});
