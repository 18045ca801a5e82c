// Retries of Catchpoint's dead letters: completed, parked or taken when possible, else refused with the reason.

import test, { type ExecutionContext } from 'ava';
import { expanded } from '../../../src/model/factored-points.ts';
import type { LetterRetried } from '../../../src/model/point.ts';
import { letterRetry } from '../../../src/sources/catchpoint/letters.ts';
import { measurementOf } from '../../../src/sources/catchpoint/measurement.ts';
import { nodeDirectory } from '../../../src/sources/catchpoint/nodes/node.ts';
import { parkedMeasurement } from '../../../src/sources/catchpoint/parked.ts';
import { runOf } from '../../../src/sources/catchpoint/push.ts';
import { dimensionsWithoutNode, slicer } from '../../../src/sources/catchpoint/slices.ts';
import type { Letter } from '../../../src/spool/dead-letters/letters.ts';
import { readSpool } from '../../fakes/letters.ts';
import { until } from '../../fakes/until.ts';
import { defaultSlices, goldenPush } from './samples.ts';

const body = goldenPush('dns');
const measurement = measurementOf(JSON.parse(body.toString()));
const node = { id: 312, continent: 'Asia', city: 'Jinan', country: 'China', active: true };
const hourMs = 3_600_000;

async function openLetters(t: ExecutionContext, { maxBytes = 1 << 20 } = {}) {
  const opened = await readSpool(t, { maxBytes });
  const { spool, clock } = opened;
  const directory = nodeDirectory();
  const slice = slicer(defaultSlices);
  const missed: number[] = [];
  const retry = letterRetry({
    deliver: spool.append,
    hasRoomFor: spool.parking.hasRoomFor,
    directory,
    slice,
    clock,
    extras: false,
    missed: (nodeId) => missed.push(nodeId),
  });
  /** Adds a letter and retries it. */
  const retried = async (kind: string, raw: string): Promise<LetterRetried | undefined> => {
    await spool.append([], { deadLetter: { kind, reason: 'as it is', raw } });
    return retry({ id: only().id, kind, input: Buffer.from(raw) });
  };
  const only = (): Letter => spool.letters.after(undefined)[0] as Letter;
  return { ...opened, directory, slice, missed, retry, retried, only };
}

const payload = parkedMeasurement(measurement).payload;

for (const kind of ['parking-full', 'node-unknown']) {
  test(`a measurement (${kind}) of a known node gets only its missing slices`, async (t) => {
    const { spool, reader, directory, slice, retried } = await openLetters(t);
    directory.replace([node], 1);
    t.deepEqual(await retried(kind, payload), { done: 'completed: 6 points wait in the spool' });
    t.deepEqual(reader.next(100)?.points, expanded(slice(measurement, node, dimensionsWithoutNode(measurement))));
    t.is(spool.deadLetters.count(), 0);
  });

  test(`a measurement (${kind}) of an unknown node is parked again, and requests a refresh`, async (t) => {
    const { spool, reader, missed, retried } = await openLetters(t);
    t.deepEqual(await retried(kind, payload), { done: 'parked: node 312 is still unknown' });
    t.deepEqual([spool.deadLetters.count(), spool.parking.count(), missed], [0, 1, [312]]);
    t.is(spool.parking.waitingFor('312', 1)[0]?.payload, payload);
    t.is(reader.next(100), undefined);
  });
}

test('a measurement without room to park it stays a letter', async (t) => {
  const { spool, retried } = await openLetters(t, { maxBytes: 1600 });
  t.deepEqual(await retried('parking-full', payload), {
    refused: 'node 312 is still unknown, and there is no room to park it',
  });
  t.deepEqual([spool.deadLetters.count(), spool.parking.count()], [1, 0]);
});

test('a push with a future time is taken once that time has come', async (t) => {
  const { spool, reader, clock, directory, slice, retried, retry, only } = await openLetters(t);
  directory.replace([node], 1);
  const text = body.toString().replace('20261118093412345', '20261118120000000');
  t.deepEqual(await retried('implausible-time', text), {
    refused: "the run's time is more than an hour ahead: 2026-11-18T12:00:00.000Z",
  });
  t.is(spool.deadLetters.count(), 1);
  await clock.advance(hourMs);
  const letter = { id: only().id, kind: 'implausible-time', input: Buffer.from(text) };
  t.deepEqual(await retry(letter), { done: 'taken: 10 points wait in the spool' });
  t.deepEqual(reader.next(100)?.points, expanded(slice(measurementOf(JSON.parse(text)), node)));
  t.is(spool.deadLetters.count(), 0);
});

test('a retried implausible push does not count as a duplicate of its first delivery', async (t) => {
  const { spool, reader, clock, directory, retry, only } = await openLetters(t);
  directory.replace([node], 1);
  const run = runOf(measurement, body);
  await spool.append([], { run, deadLetter: { kind: 'implausible-time', reason: 'ahead', raw: body.toString() } });
  await clock.advance(hourMs);
  t.true('done' in ((await retry({ id: only().id, kind: 'implausible-time', input: body })) as LetterRetried));
  t.is(reader.next(100)?.points.length, 10);
});

test('a malformed body that now parses as a push is taken once, even if Catchpoint has retried it', async (t) => {
  const { spool, reader, clock, retry, only } = await openLetters(t);
  const sample = async (): Promise<void> => {
    spool.samples.take({ body, reason: 'not understood then', from: '203.0.113.9' });
    await until(() => spool.samples.count() === 1);
  };
  await sample();
  const letter = { id: only().id, kind: 'malformed', input: body };
  t.deepEqual(await retry(letter), { done: 'taken: 4 points wait in the spool' });
  t.deepEqual([spool.samples.count(), spool.parking.count()], [0, 1]);
  await clock.advance(1000);
  await sample();
  t.deepEqual(await retry(letter), { done: 'the run has been taken meanwhile' });
  t.deepEqual([spool.samples.count(), reader.next(100)?.points.length], [0, 4]);
});

test('a malformed body that still does not parse as a push is refused', async (t) => {
  const { retry } = await openLetters(t);
  const retried = await retry({ id: 'm1', kind: 'malformed', input: Buffer.from('{"TestId":5}') });
  t.deepEqual(retried, { refused: 'still no push: NodeId: expected an integer from 1 to 2^53-1, found nothing' });
});

test('ignores letters of other kinds, and rejects for a removed letter', async (t) => {
  const { retry, reader, directory } = await openLetters(t);
  t.is(retry({ id: 'a', kind: 'rejected', input: Buffer.from('{}') }), undefined);
  directory.replace([node], 1);
  await t.throwsAsync(retry({ id: 'a', kind: 'node-unknown', input: Buffer.from(payload) }) as Promise<unknown>, {
    name: 'NoSuchLetter',
  });
  t.is(reader.next(100), undefined);
});
