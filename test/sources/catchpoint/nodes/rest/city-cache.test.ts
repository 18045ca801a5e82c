// The list of cities is read only until the needed cities are found, and each page once.

import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../../../../src/runtime/log.ts';
import { cityCache } from '../../../../../src/sources/catchpoint/nodes/rest/city-cache.ts';
import { temporaryDirectory } from '../../../../fakes/directory.ts';
import { movableClock } from '../../../../fakes/time.ts';

const country = { id: 224, name: 'United States' };

/** A list of cities in which page n has the city n. */
async function cityList(t: ExecutionContext, pages: number) {
  const clock = movableClock();
  const stateDir = await temporaryDirectory(t);
  const read: number[] = [];
  let failing = false;
  async function readPage(page: number) {
    if (failing) throw new Error('answered 500');
    read.push(page);
    const row = { city: { id: page, name: `City ${page}` }, state: { id: page, name: `State ${page}` }, country };
    return { entries: [row], more: page < pages };
  }
  const regions = async (...ids: readonly number[]) => {
    const wanted = ids.map((id) => ({ city: { id, name: `City ${id}` }, country }));
    const cache = cityCache({ stateDir, clock, log: silentLog() });
    const { regionOf, incompleteReason } = await cache.regions(wanted, readPage);
    return [wanted.map(({ city }) => regionOf(city, country)), incompleteReason];
  };
  return { clock, read, regions, fail: (now: boolean) => void (failing = now) };
}

test('reads until the last wanted city, and continues there for the next one', async (t) => {
  const { read, regions } = await cityList(t, 9);
  t.deepEqual(await regions(2, 3), [['State 2', 'State 3'], undefined]);
  t.deepEqual(read, [1, 2, 3]);
  t.deepEqual(await regions(1, 5), [['State 1', 'State 5'], undefined]);
  t.deepEqual(read, [1, 2, 3, 4, 5]);
});

test('looks again for a missing city after a week', async (t) => {
  const { clock, read, regions } = await cityList(t, 3);
  t.deepEqual((await regions(1, 7))[0], ['State 1', undefined]);
  await clock.advance(6 * 86_400_000);
  t.deepEqual((await regions(1, 7))[0], ['State 1', undefined]);
  t.is(read.length, 3);
  await clock.advance(86_400_000);
  await regions(1, 7);
  t.is(read.length, 6);
});

test('reads a long list in parts, and says that it is incomplete', async (t) => {
  const { read, regions } = await cityList(t, 500);
  t.is((await regions(1, 100))[1], '1 cities are not on the first 60 pages');
  t.is(read.length, 60);
  t.deepEqual(await regions(1, 100), [['State 1', 'State 100'], undefined]);
  t.is(read.at(-1), 100);
});

test('uses the stored cities when the list cannot be read', async (t) => {
  const { read, regions, fail } = await cityList(t, 9);
  await regions(2);
  fail(true);
  t.deepEqual(await regions(2), [['State 2'], undefined]);
  t.deepEqual(await regions(2, 4), [['State 2', undefined], 'answered 500']);
  fail(false);
  await regions(4);
  t.deepEqual(read, [1, 2, 3, 4]);
});
