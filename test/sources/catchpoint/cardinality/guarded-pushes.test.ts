// Pushes over a bound of the cardinality guard are answered 200, become dead letters, and are taken when there is room.

import test, { type ExecutionContext } from 'ava';
import type { DataPoint } from '../../../../src/model/point.ts';
import type { CardinalityBounds } from '../../../../src/sources/catchpoint/cardinality/guard.ts';
import { readKnownNames } from '../../../../src/sources/catchpoint/cardinality/known-names.ts';
import { parseLabelTag } from '../../../../src/sources/catchpoint/run-tags.ts';
import { openSpool } from '../../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { everyLetter } from '../../../fakes/letters.ts';
import { until } from '../../../fakes/until.ts';
import { movableClock } from '../../../fakes/time.ts';
import { noApi, openSource } from '../open-source.ts';
import { defaultSlices, golden, goldenPush } from '../samples.ts';

const sample = goldenPush('web').toString();
const push = (testId: number, nodeId = 540): string =>
  sample.replace('"TestId": 318842', `"TestId": ${testId}`).replace('"NodeId": 540', `"NodeId": ${nodeId}`);
const later = (body: string): string => body.replaceAll('20261118094631902', '20261118094731902');
const api = { ...noApi, nodesFile: `${golden}nodes/v1.json` };
const slices = { ...defaultSlices, testAsTag: true, labelTags: [parseLabelTag('Team')] };
const defaultBounds = { maxTests: 5000, maxNodes: 5000, maxTagValues: 10_000 };

async function stage(t: ExecutionContext) {
  const clock = movableClock();
  const stateDir = await temporaryDirectory(t);
  const spool = await openSpool({ directory: `${stateDir}/spool`, maxBytes: 1 << 24, clock });
  t.teardown(() => spool.close());
  const reader = await spool.reader('tsdb');

  async function open(bounds: Partial<CardinalityBounds>, isRefreshing = true) {
    const options = { api, slices, stateDir, clock, cardinality: { ...defaultBounds, ...bounds } };
    const source = await openSource(t, spool, options, isRefreshing);
    const { status, retryLetter } = source.catchpoint;
    if (isRefreshing) await until(() => status().nodes.known > 0);
    const retry = () => {
      const [letter] = spool.letters.after(undefined);
      if (letter === undefined) throw new Error('there is no letter');
      return retryLetter({ id: letter.id, kind: letter.kind, input: Buffer.from(letter.raw) });
    };
    return { ...source, retry };
  }
  const points = (): readonly DataPoint[] => reader.next(1000)?.points ?? [];
  return { open, spool, points, stateDir };
}

test('a push with one test too many is answered 200, adds no point, and is taken with a higher bound', async (t) => {
  const { open, spool, points } = await stage(t);
  const first = await open({ maxTests: 1 });
  for (const body of [push(1), push(2), later(push(1))]) t.is(await first.send(body), 200);
  t.like(first.catchpoint.status(), {
    pushes: { taken: 2, cardinality: 1 },
    cardinality: { tests: { known: 1, most: 1 } },
  });
  t.deepEqual([...new Set(points().map(({ tags }) => tags['testid']))], ['1']);
  const reason = 'test 2: not seen before, and 1 tests are known; --max-tests raises the bound';
  t.like(everyLetter(spool.deadLetters), [{ kind: 'cardinality', reason }]);
  t.deepEqual(await first.retry(), { refused: reason });
  t.is(await first.send(push(2)), 200);
  t.is(first.catchpoint.status().pushes.duplicate, 1);
  await first.end();

  const second = await open({ maxTests: 2 });
  const before = points().length;
  t.deepEqual(await second.retry(), { done: 'taken: 14 points wait in the spool' });
  t.is(spool.deadLetters.count(), 0);
  const taken = points().slice(before);
  t.deepEqual([...new Set(taken.map(({ tags }) => `${tags['testid']} ${tags['Team']}`))], ['2 edge.web']);
});

test('known tests pass after a restart with a lower bound', async (t) => {
  const { open } = await stage(t);
  const first = await open({});
  for (const testId of [1, 2, 3]) await first.send(push(testId));
  await first.end();
  const second = await open({ maxTests: 1 });
  for (const testId of [1, 2, 3, 4]) await second.send(later(push(testId)));
  t.like(second.catchpoint.status().pushes, { taken: 3, cardinality: 1 });
});

test('a push of one node too many becomes a dead letter, and is taken once the directory knows the node', async (t) => {
  const { open, spool } = await stage(t);
  const first = await open({ maxNodes: 1 }, false);
  t.deepEqual([await first.send(push(1, 99_999)), await first.send(push(1, 540))], [200, 200]);
  t.like(first.catchpoint.status().pushes, { missed: 1, cardinality: 1 });
  await first.end();
  const second = await open({ maxNodes: 1 });
  t.deepEqual(await second.retry(), { done: 'taken: 14 points wait in the spool' });
  t.is(spool.deadLetters.count(), 0);
});

test('a node no longer counts once the directory lists it', async (t) => {
  const { open, stateDir } = await stage(t);
  const first = await open({}, false);
  for (const nodeId of [540, 99_999]) await first.send(push(1, nodeId));
  t.is(first.catchpoint.status().cardinality.nodes.known, 2);
  await first.end();
  const second = await open({});
  t.is(second.catchpoint.status().cardinality.nodes.known, 1);
  await second.end();
  t.deepEqual([...(await readKnownNames(stateDir)).all('node')], ['99999']);
});

test('a higher bound takes effect at once, for pushes and for letters', async (t) => {
  const { open, spool } = await stage(t);
  const { send, retry, catchpoint } = await open({ maxTests: 1 });
  for (const testId of [1, 2]) await send(push(testId));
  t.is(spool.deadLetters.count(), 1);
  catchpoint.prepare({ cardinality: { ...defaultBounds, maxTests: 3 } })();
  t.deepEqual(await retry(), { done: 'taken: 14 points wait in the spool' });
  await send(push(3));
  t.like(catchpoint.status(), { pushes: { taken: 2, cardinality: 1 }, cardinality: { tests: { known: 3, most: 3 } } });
});

test('changed slices and tags take effect at once, also in the guard', async (t) => {
  const { open, points } = await stage(t);
  const { send, catchpoint } = await open({});
  await send(push(1));
  const changed = { prefix: 'catchpoint', rtt: 'by-type', slices: ['node'], testNameTag: true, labelTags: [] } as const;
  catchpoint.prepare({ push: { maxBodyBytes: 1 << 20, timings: false, slices: changed } })();
  await send(push(2));
  t.deepEqual(points().at(-1)?.tags, { nodeid: '540', status: 'ok', testid: '2', testname: 'Homepage_Chrome_/_EU' });
  t.deepEqual(catchpoint.status().cardinality.tagValues['testname'], { known: 1, most: 10_000 });
});
