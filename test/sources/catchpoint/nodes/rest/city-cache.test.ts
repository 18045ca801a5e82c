// The list of cities is read only as far as needed, and what was read is not read again.

import test, { type ExecutionContext } from 'ava';
import { silentLog } from '../../../../../src/runtime/log.ts';
import { cityCache } from '../../../../../src/sources/catchpoint/nodes/rest/city-cache.ts';
import { temporaryDirectory } from '../../../../fakes/directory.ts';
import { movableClock } from '../../../../fakes/time.ts';

const country = { id: 224, name: 'United States' };
const wanted = (...ids: readonly number[]) => ids.map((id) => ({ city: { id, name: `City ${id}` }, country }));

/** A list of cities, of which page n holds the city n. */
async function opened(t: ExecutionContext, pages: number) {
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
    const { regionOf, unread } = await cityCache({ stateDir, clock, log: silentLog() }).regions(
      wanted(...ids),
      readPage,
    );
    return { found: wanted(...ids).map(({ city }) => regionOf(city, country)), unread };
  };
  return { clock, read, regions, fail: (now: boolean) => void (failing = now) };
}

test('it is read until the last of the wanted cities, and on from there for another', async (t) => {
  const { read, regions } = await opened(t, 9);
  t.deepEqual(await regions(2, 3), { found: ['State 2', 'State 3'], unread: undefined });
  t.deepEqual(read, [1, 2, 3]);
  t.deepEqual(await regions(1, 5), { found: ['State 1', 'State 5'], unread: undefined });
  t.deepEqual(read, [1, 2, 3, 4, 5]);
});

test('a city that is not in it is looked for again after a week', async (t) => {
  const { clock, read, regions } = await opened(t, 3);
  t.deepEqual((await regions(1, 7)).found, ['State 1', undefined]);
  await clock.advance(6 * 86_400_000);
  t.deepEqual((await regions(1, 7)).found, ['State 1', undefined]);
  t.is(read.length, 3);
  await clock.advance(86_400_000);
  await regions(1, 7);
  t.is(read.length, 6);
});

test('a long list is read by parts, and says that it was not read to its end', async (t) => {
  const { read, regions } = await opened(t, 500);
  const { unread } = await regions(1, 100);
  t.is(unread, '1 cities are not on the first 60 pages');
  t.is(read.length, 60);
  t.deepEqual(await regions(1, 100), { found: ['State 1', 'State 100'], unread: undefined });
  t.is(read.at(-1), 100);
});

test('when it cannot be read, what is known serves', async (t) => {
  const { read, regions, fail } = await opened(t, 9);
  await regions(2);
  fail(true);
  t.deepEqual(await regions(2), { found: ['State 2'], unread: undefined });
  t.deepEqual(await regions(2, 4), { found: ['State 2', undefined], unread: 'answered 500' });
  fail(false);
  await regions(4);
  t.deepEqual(read, [1, 2, 3, 4]);
});
