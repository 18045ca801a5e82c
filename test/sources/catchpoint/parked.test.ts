// Parked measurements are completed once their node is known, and become dead letters after a day.

import test, { type ExecutionContext } from 'ava';
import { expanded } from '../../../src/model/factored-points.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Measurement } from '../../../src/sources/catchpoint/measurement.ts';
import { nodeDirectory } from '../../../src/sources/catchpoint/nodes/node.ts';
import { completeParked, parkedMeasurement } from '../../../src/sources/catchpoint/parked.ts';
import { slicer } from '../../../src/sources/catchpoint/slices.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { readLog } from '../../fakes/log.ts';
import { movableClock } from '../../fakes/time.ts';
import type { Letter } from '../../../src/spool/dead-letters/letters.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { defaultSlices } from './samples.ts';

const node = {
  id: 999,
  asn: 64500,
  continent: 'Asia',
  city: 'Jinan',
  country: 'China',
  region: 'Shandong',
  isp: 'Unicom',
  active: true,
};
const measurement: Measurement = {
  testId: 1,
  nodeId: 999,
  asn: 64500,
  timeMs: 1794994452345,
  rttMs: 12,
  error: '50010',
};

async function openParking(t: ExecutionContext) {
  const clock = movableClock();
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 20, clock });
  t.teardown(() => spool.close());
  const directory = nodeDirectory();
  const slice = slicer(defaultSlices);
  const reader = await spool.reader('tsdb');
  const { log, lines } = readLog();
  const complete = () =>
    completeParked(
      { parking: spool.parking, deliver: spool.append, directory, slice, clock, log },
      new AbortController().signal,
    );
  const park = (one: Measurement) => spool.append(slice(one, undefined), { parked: parkedMeasurement(one) });
  return { clock, spool, directory, slice, reader, complete, park, lines };
}

for (const [title, one] of [
  ['with its AS number', measurement],
  ['without an AS number', { ...measurement, asn: undefined as never }],
] as const) {
  test(`a measurement parked ${title} gets its missing slices once, at the time of its run`, async (t) => {
    const { directory, slice, reader, complete, park, spool } = await openParking(t);
    await park(JSON.parse(JSON.stringify(one)) as Measurement);
    directory.replace([node], 1);
    await complete();
    const written = (reader.next(100)?.points ?? []).map((point) => JSON.stringify(point));
    const expected = expanded(slice(one, directory.find(999))).map((point) => JSON.stringify(point));
    t.deepEqual(written.toSorted(), expected.toSorted());
    t.is(spool.parking.count(), 0);
    await complete();
    t.is(reader.next(100), undefined);
  });
}

test('a measurement waits for an unknown node', async (t) => {
  const { clock, complete, park, spool } = await openParking(t);
  await park(measurement);
  await clock.advance(23 * 3_600_000);
  await complete();
  t.is(spool.parking.count(), 1);
});

test('a measurement becomes a dead letter with the reason after a day', async (t) => {
  const { clock, complete, park, spool } = await openParking(t);
  await park(measurement);
  await clock.advance(24 * 3_600_000 + 1);
  await complete();
  t.is(spool.parking.count(), 0);
  const only = everyLetter(spool.deadLetters)[0] as Letter;
  t.like(only, {
    kind: 'node-unknown',
    reason: 'node 999 was in no listing for 24 h; its by_node and by_asn points went out',
  });
  t.like(JSON.parse(only.raw ?? ''), { testId: 1, nodeId: 999 });
});

test('many measurements are completed in batches with pauses', async (t) => {
  const { clock, directory, complete, park, spool } = await openParking(t);
  for (let number = 0; number < 120; number += 1)
    await park({ ...measurement, timeMs: measurement.timeMs + number * 1000 });
  directory.replace([node], 1);
  const completing = complete();
  await clock.untilSomebodySleeps();
  t.is(spool.parking.count(), 20);
  while (spool.parking.count() > 0) await clock.advance(100);
  await completing;
});

test('the signal ends the completion between two batches', async (t) => {
  const { directory, park, spool, slice, clock } = await openParking(t);
  for (let number = 0; number < 105; number += 1)
    await park({ ...measurement, timeMs: measurement.timeMs + number * 1000 });
  directory.replace([node], 1);
  const stop = new AbortController();
  const deliver: typeof spool.append = (points, options) => {
    stop.abort(new Error('stopping'));
    return spool.append(points, options);
  };
  await t.throwsAsync(
    completeParked({ parking: spool.parking, deliver, directory, slice, clock, log: silentLog() }, stop.signal),
    { message: 'stopping' },
  );
  t.is(spool.parking.count(), 5);
});

test('one log line summarises the completed measurements, and one the expired', async (t) => {
  const { clock, directory, complete, park, lines } = await openParking(t);
  for (let nodeId = 1; nodeId <= 12; nodeId += 1) await park({ ...measurement, nodeId });
  directory.replace([{ ...node, id: 3 }], 1);
  await clock.advance(24 * 3_600_000 + 1);
  await complete();
  t.deepEqual(lines(), [
    { measurements: 1, nodes: 1, among: [3], msg: 'parked measurements completed' },
    {
      measurements: 11,
      nodes: 11,
      among: [1, 2, 4, 5, 6, 7, 8, 9, 10, 11],
      msg: 'parked measurements expired: Catchpoint lists no such nodes',
    },
  ]);
});
