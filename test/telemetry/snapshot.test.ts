// The snapshot: what the parts tell of themselves and what is counted beside them, joined once.

import test from 'ava';
import type { SinkStatus } from '../../src/outlet/outlets.ts';
import { noLosses } from '../../src/spool/losses.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { freeBytes, type NodesSnapshot, snapshots } from '../../src/telemetry/snapshot.ts';
import { telemetry } from '../../src/telemetry/telemetry.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { points } from '../fakes/points.ts';
import { playedSink } from '../fakes/sink.ts';
import { movableClock } from '../fakes/time.ts';

const nodes: NodesSnapshot = {
  known: 7,
  refreshes: 1,
  failures: 0,
  lastError: undefined,
  refreshedAtMs: 5,
  nextAtMs: 6,
  everyMs: 7,
  fileFault: undefined,
  notes: [],
  changes: {
    added: 7,
    removed: 0,
    renamed: 0,
    movedAsn: 0,
    movedIsp: 0,
  },
};

test('what waits, what was written and what the outlet says of a sink stand together', async (t) => {
  const clock = movableClock();
  const directory = await temporaryDirectory(t);
  const spool = await openSpool({ directory, maxBytes: 1 << 20, clock });
  t.teardown(spool.close);
  const counters = telemetry({ clock });
  const sink = counters.sink(playedSink());
  const reader = await spool.reader(sink.name);
  const deliver = counters.source('catchpoint', spool.append);
  await deliver(points(3), { deadLetter: { kind: 'implausible-time', reason: 'r', raw: 'x' } });
  await deliver([], { parked: { waitsFor: '312', payload: '{}' } });
  const outlet: SinkStatus = {
    name: sink.name,
    accepted: 1,
    rejected: 2,
    kept: 3,
    inFlight: 4,
    lastError: 'refused',
    backlog: reader.backlog(),
    isRequired: true,
    skipped: 0,
  };
  const taken = { taken: 2, malformed: 1 };
  const take = snapshots({
    clock,
    version: '1.2.3',
    counters,
    spool: {
      ...spool,
      isRestoring: () => false,
    },
    outlets: () => [outlet],
    catchpoint: () => ({
      pushes: taken,
      nodes,
    }),
    freeBytes: () => freeBytes(directory),
  });
  const seen = await take();
  t.like(seen, {
    atMs: clock.now(),
    startedAtMs: clock.now(),
    version: '1.2.3',
    nodes,
    archive: undefined,
    process: undefined,
    lost: {
      ...noLosses,
      goneSinkPoints: 0,
    },
    goneSinks: [],
  });
  t.like(seen.sinks[0], {
    name: 'played',
    accepted: 1,
    answered: 0,
    backlog: { points: 3 },
    lastError: 'refused',
    retrySet: { points: 0, bytes: 0 },
  });
  t.like(seen.sources[0], { name: 'catchpoint', points: 3, deliveries: 2 });
  t.deepEqual(seen.deadLetters.added, { 'implausible-time': 1 });
  t.like(seen.parked, { count: 1, nodes: 1 });
  t.is(seen.spool.waitingBytes, spool.waitingBytes());
  t.true((seen.spool.freeBytes ?? 0) > 0);
  taken.taken = 3;
  t.is(seen.pushes.byOutcome['taken'], 2, 'a snapshot does not change');
});

test('a disk that cannot be asked for its free space costs nothing else', async (t) => {
  const clock = movableClock();
  const spool = await openSpool({ directory: await temporaryDirectory(t), maxBytes: 1 << 20, clock });
  t.teardown(spool.close);
  const take = snapshots({
    clock,
    version: '',
    counters: telemetry({ clock }),
    spool: {
      ...spool,
      isRestoring: () => false,
    },
    outlets: () => [],
    catchpoint: () => ({
      pushes: {},
      nodes,
    }),
    freeBytes: () => freeBytes('/nowhere'),
  });
  t.is((await take()).spool.freeBytes, undefined);
});
