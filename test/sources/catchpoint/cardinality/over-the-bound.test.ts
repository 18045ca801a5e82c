// Pushes over the cardinality guard, through the source as a whole: answered 200, kept as dead letters, and taken once there is room.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import type { DataPoint } from '../../../../src/model/point.ts';
import { application, listen } from '../../../../src/http/server.ts';
import { type Catchpoint, openCatchpoint } from '../../../../src/sources/catchpoint/catchpoint.ts';
import type { CardinalityBounds } from '../../../../src/sources/catchpoint/cardinality/guard.ts';
import { readKnownNames } from '../../../../src/sources/catchpoint/cardinality/known-names.ts';
import { labelTag } from '../../../../src/sources/catchpoint/run-tags.ts';
import { dimensions } from '../../../../src/sources/catchpoint/slices.ts';
import { openSpool } from '../../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { movableClock } from '../../../fakes/time.ts';
import { everyLetter } from '../../../fakes/letters.ts';

const sample = readFileSync(new URL('../../../../../test/golden/catchpoint/web.json', import.meta.url), 'utf8');
const push = (testId: number, nodeId = 540): string =>
  sample.replace('"TestId": 318842', `"TestId": ${testId}`).replace('"NodeId": 540', `"NodeId": ${nodeId}`);
const later = (body: string): string => body.replaceAll('20261118094631902', '20261118094731902');

async function stage(t: ExecutionContext) {
  const clock = movableClock();
  const stateDir = await temporaryDirectory(t);
  const spool = await openSpool({ directory: `${stateDir}/spool`, maxBytes: 1 << 24, clock });
  t.teardown(() => spool.close());
  const reader = await spool.reader('tsdb');
  const nodesFile = new URL('../../../../../test/golden/nodes/v1.json', import.meta.url).pathname;

  /** The source as a start of the bridge opens it; `end` is its stop. */
  async function opened(bounds: Partial<CardinalityBounds>, refreshes = true) {
    const catchpoint: Catchpoint = await openCatchpoint({
      deliver: spool.append,
      parking: spool.parking,
      timings: false,
      archive: undefined,
      maxBodyBytes: 1 << 20,
      api: {
        url: 'http://127.0.0.1:1',
        key: undefined,
        secret: undefined,
        apiKey: undefined,
        nodesFile,
        refreshHours: 24,
      },
      slices: {
        prefix: 'catchpoint',
        resolution: 's',
        rtt: 'by-type',
        slices: dimensions,
        testAsTag: true,
        labelTags: [labelTag('Team')],
      },
      cardinality: {
        maxTests: 5e3,
        maxNodes: 5e3,
        maxTagValues: 1e4,
        ...bounds,
      },
      stateDir,
      clock,
      random: () => 0.5,
      log: silentLog(),
    });
    const router = new Router();
    catchpoint.mount(router);
    const app = application(silentLog(), systemClock());
    app.use(router.routes());
    const listener = await listen(app, { host: '127.0.0.1', port: 0 });
    let ended: Promise<void> | undefined;
    const stop = new AbortController();
    const running = refreshes ? catchpoint.run(stop.signal) : Promise.resolve();
    while (refreshes && catchpoint.status().nodes.known === 0) await new Promise((resolve) => setImmediate(resolve));
    async function end(): Promise<void> {
      await (ended ??= ending());
    }
    t.teardown(end);
    async function ending(): Promise<void> {
      await listener.close();
      stop.abort();
      await (refreshes ? running : catchpoint.run(stop.signal));
    }
    const send = async (body: string): Promise<number> =>
      (await fetch(listener.url, { method: 'POST', body, headers: { connection: 'close' } })).status;
    const retry = () => {
      const [letter] = spool.letters.after(undefined);
      if (letter === undefined) throw new Error('there is no letter');
      return catchpoint.retryLetter({ id: letter.id, kind: letter.kind, input: Buffer.from(letter.raw) });
    };
    return { catchpoint, send, retry, end };
  }
  const points = (): readonly DataPoint[] => reader.next(1000)?.points ?? [];
  return { opened, spool, points, stateDir };
}

test('a push of a test too many is answered 200, brings no point, and is taken when the bound has been raised', async (t) => {
  const { opened, spool, points } = await stage(t);
  const first = await opened({ maxTests: 1 });
  t.deepEqual(
    [await first.send(push(1)), await first.send(push(2)), await first.send(later(push(1)))],
    [200, 200, 200],
  );
  t.like(first.catchpoint.status(), {
    pushes: { taken: 2, cardinality: 1 },
    cardinality: { tests: { known: 1, most: 1 } },
  });
  t.deepEqual([...new Set(points().map(({ tags }) => tags['testid']))], ['1']);
  t.like(everyLetter(spool.deadLetters), [
    { kind: 'cardinality', reason: 'test 2: not seen before, and 1 tests are known; --max-tests raises the bound' },
  ]);
  t.deepEqual(await first.retry(), {
    refused: 'test 2: not seen before, and 1 tests are known; --max-tests raises the bound',
  });
  t.is(await first.send(push(2)), 200);
  t.is(first.catchpoint.status().pushes.duplicate, 1);
  await first.end();

  const second = await opened({ maxTests: 2 });
  const before = points().length;
  t.deepEqual(await second.retry(), { done: 'taken: 14 points wait in the spool' });
  t.is(spool.deadLetters.count(), 0);
  const taken = points().slice(before);
  t.deepEqual(
    [...new Set(taken.map(({ tags }) => `${tags['testid']} ${tags['Team']}`))],
    ['2 edge.web'],
    'in the shape of a push',
  );
  await second.end();
});

test('tests that were known before a restart pass after it, though the bound is lower now', async (t) => {
  const { opened } = await stage(t);
  const first = await opened({});
  for (const testId of [1, 2, 3]) await first.send(push(testId));
  await first.end();
  const second = await opened({ maxTests: 1 });
  for (const testId of [1, 2, 3, 4]) await second.send(later(push(testId)));
  t.like(second.catchpoint.status().pushes, { taken: 3, cardinality: 1 });
  await second.end();
});

test('a node too many becomes a dead letter and is asked for, and passes once the directory knows it', async (t) => {
  const { opened, spool } = await stage(t);
  const first = await opened({ maxNodes: 1 }, false);
  t.deepEqual([await first.send(push(1, 99_999)), await first.send(push(1, 540))], [200, 200]);
  t.like(first.catchpoint.status().pushes, { missed: 1, cardinality: 1 });
  await first.end();
  const second = await opened({ maxNodes: 1 });
  t.deepEqual(await second.retry(), { done: 'taken: 14 points wait in the spool' });
  t.is(spool.deadLetters.count(), 0);
  await second.end();
});

test('a node that was learned counts no more once the directory lists it, in the file too', async (t) => {
  const { opened, stateDir } = await stage(t);
  const first = await opened({}, false);
  for (const nodeId of [540, 99_999]) await first.send(push(1, nodeId));
  t.is(first.catchpoint.status().cardinality.nodes.known, 2);
  await first.end();
  const second = await opened({});
  t.is(second.catchpoint.status().cardinality.nodes.known, 1);
  await second.end();
  t.deepEqual([...(await readKnownNames(stateDir)).all('node')], ['99999']);
});

test('a bound that is raised while pushes are taken counts at once, for pushes and for letters', async (t) => {
  const { opened, spool } = await stage(t);
  const { send, retry, catchpoint, end } = await opened({ maxTests: 1 });
  for (const testId of [1, 2]) await send(push(testId));
  t.is(spool.deadLetters.count(), 1);
  catchpoint.prepare({ cardinality: { maxTests: 3, maxNodes: 5000, maxTagValues: 10_000 } })();
  t.deepEqual(await retry(), { done: 'taken: 14 points wait in the spool' });
  await send(push(3));
  t.like(catchpoint.status(), { pushes: { taken: 2, cardinality: 1 }, cardinality: { tests: { known: 3, most: 3 } } });
  await end();
});

test('a shape that is changed while pushes are taken counts at once, for what the guard counts too', async (t) => {
  const { opened, points } = await stage(t);
  const { send, catchpoint, end } = await opened({});
  await send(push(1));
  const slices = { prefix: 'catchpoint', rtt: 'by-type', slices: ['node'], testNameTag: true, labelTags: [] } as const;
  catchpoint.prepare({ push: { maxBodyBytes: 1 << 20, timings: false, slices } })();
  await send(push(2));
  t.deepEqual(points().at(-1)?.tags, { nodeid: '540', status: 'ok', testid: '2', testname: 'Homepage_Chrome_/_EU' });
  t.deepEqual(catchpoint.status().cardinality.tagValues['testname'], { known: 1, most: 10_000 });
  await end();
});
