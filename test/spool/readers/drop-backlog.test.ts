// Dropping the backlog of a sink, also with points in flight; and the status of the spool.

import test from 'ava';
import { lettersOf, nothing, readSpool, rejected } from '../../fakes/letters.ts';
import { points } from '../../fakes/points.ts';
import { finishNext } from '../small-spool.ts';

test('a batch and a retry that were in flight during a drop change nothing', async (t) => {
  const { spool, reader } = await readSpool(t);
  await spool.append(points(2));
  await finishNext(reader, { kept: points(1) });
  await spool.append(points(3, 10));
  const [batch, retry] = [reader.next(10), reader.nextRetry()] as const;
  t.deepEqual([reader.isWanted(batch as never), reader.isWanted(retry as never)], [true, true]);
  await spool.drop('tsdb');
  t.deepEqual([reader.isWanted(batch as never), reader.isWanted(retry as never)], [false, false]);
  const ended = { ...nothing, kept: points(1), pauseMs: 0 };
  await reader.finish(batch as never, { ...ended, letters: [rejected(points(1)[0] as never)] });
  await reader.finishRetry(retry as never, ended);
  t.deepEqual(reader.backlog(), { points: 0, bytes: 0, oldestAtMs: undefined });
  t.is(reader.nextRetry(), undefined);
  t.is(spool.deadLetters.count(), 1);
});

test('a dropped backlog frees its space, and other sinks keep theirs', async (t) => {
  const { spool, reader } = await readSpool(t, { maxBytes: 1 << 24 });
  await Promise.all(Array.from({ length: 12_000 }, (_, index) => spool.append(points(1, index))));
  await spool.drop('tsdb');
  t.is(spool.waitingBytes(), 0);
  const other = await spool.reader('other');
  await spool.append(points(2));
  await spool.drop('tsdb');
  t.deepEqual([reader.next(10), other.next(10)?.points.length], [undefined, 2]);
});

test('without a running bridge, a drop keeps the position of the sink', async (t) => {
  const { spool, reopened } = await readSpool(t);
  await spool.append(points(2));
  const idle = await reopened();
  t.is((await idle.drop('tsdb')).points, 2);
  await idle.append(points(1, 10));
  t.deepEqual(
    (await idle.status()).sinks.map(({ name, isConfigured }) => [name, isConfigured]),
    [['tsdb', undefined]],
  );
  t.deepEqual((await idle.reader('tsdb')).next(10)?.points, points(1, 10));
});

test('a drop forgets a removed sink with its backlog and retry set', async (t) => {
  const { spool, reader, reopened } = await readSpool(t, { sink: 'gone' });
  await spool.append(points(3));
  await finishNext(reader, { kept: points(1) });
  await spool.append(points(2));
  const later = await reopened();
  await later.reader('tsdb');
  t.deepEqual(await later.markRemovedSinks(), [{ name: 'gone', points: 3 }]);
  await later.append(points(5));
  const [gone, tsdb] = (await later.status()).sinks;
  t.like(gone, { name: 'gone', backlog: { points: 3 }, retrySet: { points: 1 }, isConfigured: false });
  t.like(tsdb, { name: 'tsdb', backlog: { points: 5 }, isConfigured: true });
  t.deepEqual(await later.markRemovedSinks(), [{ name: 'gone', points: 3 }], 'the status has not brought it back');
  t.is((await later.drop('gone')).points, 3);
  t.deepEqual(
    [later.waitingBytes()],
    (await later.status()).sinks.map(({ backlog }) => backlog.bytes),
  );
  t.deepEqual(
    (await (await reopened()).status()).sinks.map(({ name }) => name),
    ['tsdb'],
  );
});

test('the status counts backlog, parked measurements and dead letters', async (t) => {
  const { spool, reader, clock } = await readSpool(t);
  const firstAtMs = clock.now();
  await lettersOf(spool, reader, points(1), [rejected(points(1)[0] as never)]);
  await spool.append(points(10), { parked: { waitsFor: '999', payload: '{"one":1}' } });
  const status = await spool.status();
  t.like(status, {
    lastRecord: 2,
    parked: { count: 1, nodes: 1 },
    deadLetters: { count: 1 },
    malformed: { count: 0, bytes: 0 },
    recordPoints: 11,
  });
  t.like(status.sinks[0], { name: 'tsdb', through: 1, retrySet: { points: 0, bytes: 0 }, isConfigured: true });
  t.like(status.sinks[0]?.backlog, { points: 10, oldestAtMs: firstAtMs });
  t.is(status.waitingBytes, spool.waitingBytes());
  t.true(status.fileBytes >= 4096);
  t.true((status.bytesPerPoint ?? 0) > 50 && (status.bytesPerPoint ?? 0) < 150);
});
