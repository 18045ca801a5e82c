// Snapshots join the status of the parts with the counters.

import test, { type ExecutionContext } from 'ava';
import type { SinkStatus } from '../../src/outlet/outlets.ts';
import { noLosses } from '../../src/spool/losses.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { snapshots, type SnapshotParts } from '../../src/telemetry/snapshots.ts';
import { telemetry } from '../../src/telemetry/telemetry.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { playedSink } from '../fakes/sink.ts';
import { snapshotOf } from '../fakes/snapshot.ts';
import { movableClock } from '../fakes/time.ts';

const { nodes } = snapshotOf();

async function opened(t: ExecutionContext, more: Partial<SnapshotParts> = {}) {
  const clock = movableClock();
  const spoolDirectory = await temporaryDirectory(t);
  const spool = await openSpool({ directory: spoolDirectory, maxBytes: 1 << 20, clock });
  t.teardown(spool.close);
  const counters = telemetry({ clock });
  const outlets = { status: (): SinkStatus[] => [] };
  const take = snapshots({ clock, counters, spool, spoolDirectory, outlets, ...more });
  return { clock, spool, counters, outlets, take };
}

test('a snapshot joins counters, spool, outlets and sources, and does not change afterwards', async (t) => {
  const pushes = { taken: 2, malformed: 1 };
  const catchpoint = { status: () => ({ pushes, nodes }) };
  const { docker: dockerStatus } = snapshotOf();
  const docker = dockerStatus && { status: () => dockerStatus };
  const { clock, spool, counters, outlets, take } = await opened(t, { version: '1.2.3', catchpoint, docker });
  const sink = counters.sink(playedSink());
  const reader = await spool.reader(sink.name);
  const deliver = counters.source('catchpoint', spool.append);
  await deliver(points(3), { deadLetter: { kind: 'implausible-time', reason: 'r', raw: 'x' } });
  await deliver([], { parked: { waitsFor: '312', payload: '{}' } });
  outlets.status = () => [
    {
      name: sink.name,
      accepted: 1,
      rejected: 2,
      kept: 3,
      inFlight: 4,
      lastError: 'refused',
      backlog: reader.backlog(),
      isRequired: true,
      skipped: 0,
    },
  ];
  const snapshot = await take();
  t.like(snapshot, {
    atMs: clock.now(),
    startedAtMs: clock.now(),
    version: '1.2.3',
    takesPushes: true,
    nodes,
    archive: undefined,
    process: undefined,
    lost: { ...noLosses, goneSinkPoints: 0 },
    goneSinks: [],
  });
  t.like(snapshot.sinks[0], {
    name: 'played',
    accepted: 1,
    answered: 0,
    backlog: { points: 3 },
    lastError: 'refused',
    retrySet: { points: 0, bytes: 0 },
  });
  t.deepEqual(snapshot.docker, dockerStatus);
  t.like(snapshot.sources[0], { name: 'catchpoint', points: 3, deliveries: 2 });
  t.deepEqual(snapshot.deadLetters.added, { 'implausible-time': 1 });
  t.like(snapshot.parked, { count: 1, nodes: 1 });
  t.is(snapshot.spool.waitingBytes, spool.waitingBytes());
  t.true((snapshot.spool.freeBytes ?? 0) > 0);
  pushes.taken = 3;
  t.is(snapshot.pushes.byOutcome['taken'], 2);
});

test('a snapshot without Catchpoint and without free space of the disk is complete otherwise', async (t) => {
  const { take } = await opened(t, { spoolDirectory: '/nowhere' });
  const { takesPushes, pushes, nodes, spool, ...others } = await take();
  t.deepEqual([takesPushes, pushes.byOutcome, nodes.known, spool.freeBytes], [false, {}, 0, undefined]);
  for (const absent of ['access', 'cardinality', 'backstop', 'docker', 'reloads', 'workers', 'outletRestarts'])
    t.false(absent in others, absent);
});
