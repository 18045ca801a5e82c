// The state is the same while the spool runs, after recovery from a checkpoint, and after recovery from the log alone.

import test from 'ava';
import fc from 'fast-check';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { samplesOf } from '../../../src/spool/dead-letters/dead-letters.ts';
import { type Bounds, deliverer } from '../../../src/spool/deliver.ts';
import { dropBacklog } from '../../../src/spool/readers/drop-backlog.ts';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import { spoolReader } from '../../../src/spool/readers/reader.ts';
import { recover } from '../../../src/spool/state/recovery.ts';
import type { SpoolState } from '../../../src/spool/state/state.ts';
import { openStore } from '../../../src/spool/open-store.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import {
  copied,
  largeDisk,
  nothing,
  memoryDirectory,
  rejection,
  run,
  type Scope,
  scoped,
  smallSegmentBytes,
} from '../small-spool.ts';

/** The state as plain values, without times by the steady clock, which differ after a restart. */
function plain(state: SpoolState) {
  return {
    positions: Object.fromEntries(state.positions),
    retries: Object.fromEntries(
      [...state.retries]
        .filter(([, entries]) => entries.size > 0)
        .map(([sink, entries]) => [
          sink,
          [...entries].map(([number, { dueAtMs, ...entry }]) => [number, entry, typeof dueAtMs]),
        ]),
    ),
    parked: [...state.parked].map(([waitsFor, entries]) => [waitsFor, [...entries]]),
    letters: [...state.letters.after(0)].map(({ order, ...entry }) => [entry, typeof order]),
    samples: [...state.samples.after(0)].map(({ order, ...entry }) => [entry, typeof order]),
    lost: state.lost,
    damaged: Object.fromEntries(state.damaged),
    skipped: Object.fromEntries(state.skipped),
    suspectTails: state.suspectTails,
    nextParked: state.nextParked,
    nextRetry: state.nextRetry,
    live: Object.fromEntries(state.live),
    totals: state.totals,
  };
}

async function played(scope: Scope) {
  const directory = await memoryDirectory(scope);
  const clock = movableClock();
  const store = openStore({
    directory,
    clock,
    disk: largeDisk(directory),
    maxBytes: 1 << 26,
    dedupMaxBytes: 1 << 20,
    segmentBytes: smallSegmentBytes,
  });
  scope.teardown(() => store.close());
  const bounds: Bounds = {
    maxBytes: 1 << 26,
    budgets: new Map(),
    givesWayAgainAtMs: -Infinity,
    lettersAdded: new Map(),
  };
  const readerOf = async (sinkName: string) => {
    await store.commit({ positions: { [sinkName]: { through: 0, finished: [], points: 0, bytes: 0 } } });
    return spoolReader({ store, bounds, sinkName, log: undefined });
  };
  // The slow one holds every segment, so that the log alone has the whole state.
  const [reader, slow] = [await readerOf('tsdb'), await readerOf('slow')];
  return {
    directory,
    clock,
    store,
    bounds,
    reader,
    slow,
    deliver: deliverer(store, bounds),
    samples: samplesOf(store, () => true, 400),
  };
}

type Played = Awaited<ReturnType<typeof played>>;

/** Steps by name. `number` repeats some contents and varies others. */
function stepsOf({
  clock,
  store,
  bounds,
  reader,
  deliver,
  samples,
}: Played): Readonly<Record<string, (number: number) => unknown>> {
  const letter = (number: number) => rejection(`${number % 5}`);
  const taken: Batch[] = [];
  const finish = (batch: Batch | undefined, outcome: Parameters<typeof reader.finish>[1]): unknown =>
    batch && reader.finish(batch, outcome);
  return {
    push: (number) => deliver(points(1 + (number % 3), number), run(`${number}`)),
    pushWithLetter: (number) => deliver(points(1, number), { deadLetter: letter(number) }),
    letter: (number) => deliver([], { deadLetter: letter(number) }),
    park: (number) =>
      deliver(points(1, number), { parked: { waitsFor: `${number % 3}`, payload: 'x'.repeat(number) } }),
    complete(number) {
      const waitsFor = `${number % 3}`;
      const [sequence] = store.state.parked.get(waitsFor)?.keys() ?? [];
      return sequence === undefined
        ? undefined
        : deliver(points(1, number), { completes: JSON.stringify([waitsFor, sequence]) });
    },
    redeem: (number) =>
      deliver(points(1, number), { redeems: [...store.state.letters.after(0)][number % 5]?.id ?? 'ff' }).catch(
        () => {},
      ),
    sample: (number) => samples.take({ body: Buffer.from(`${number % 9}`), reason: 'no push', from: '203.0.113.9' }),
    take: (number) =>
      void taken.push(...[reader.next(1 + (number % 4), number % 2 === 0 ? 'oldest' : 'newest') ?? []].flat()),
    finishFirst: () => finish(taken.shift(), nothing),
    finishLast: () => finish(taken.pop(), nothing),
    finishWithLetter: (number) => finish(taken.pop(), { ...nothing, letters: [letter(number)] }),
    finishWithKept: (number) => finish(taken.shift(), { ...nothing, kept: points(2, number), pauseMs: 0 }),
    retry(number) {
      const retry = reader.nextRetry();
      return (
        retry && reader.finishRetry(retry, { ...nothing, kept: number % 2 === 0 ? [] : points(1, number), pauseMs: 0 })
      );
    },
    drop: (number) => (number % 7 === 0 ? dropBacklog(store, new Set(['tsdb', 'slow']), 'tsdb') : undefined),
    pass: () => clock.advance(50),
    checkpoint: () => store.checkpointer.write(),
    carryOver: () => store.checkpointer.compact(),
    budget: (number) => void (number % 5 === 0 && bounds.budgets.set('tsdb', { maxBytes: 2000, maxAgeMs: 1e9 })),
  };
}

const names =
  'push push push push pushWithLetter letter park complete redeem sample take take take finishFirst finishLast finishWithLetter finishWithKept retry drop pass checkpoint carryOver budget'.split(
    ' ',
  );
const scripts = fc.array(
  fc.record({ name: fc.constantFrom(...names), number: fc.integer({ min: 1, max: 40 }), isAwaited: fc.boolean() }),
  { minLength: 10, maxLength: 60 },
);

test('after any changes, recovery from a checkpoint and from the log alone gives the same state', async (t) => {
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      await scoped(async (scope) => {
        const one = await played(scope);
        const steps = stepsOf(one);
        const pending: unknown[] = [];
        for (const { name, number, isAwaited } of script) {
          const done = steps[name]?.(number);
          pending.push(done);
          if (isAwaited) await done;
        }
        await Promise.all(pending);
        // Positions are logged within 50 ms.
        await one.clock.advance(50);
        await one.store.durable();
        const wanted = plain(one.store.state);
        const killed = await copied(scope, one.directory);
        t.deepEqual(
          plain(recover({ directory: killed, clock: one.clock, repairs: false }).state),
          wanted,
          'from the checkpoint',
        );
        for (const name of ['checkpoint', 'checkpoint.former']) rmSync(join(killed, name), { force: true });
        const { damaged, lost, ...fromLog } = plain(
          recover({ directory: killed, clock: one.clock, repairs: false }).state,
        );
        const { damaged: wantedDamaged, lost: wantedLost, ...rest } = wanted;
        t.deepEqual([fromLog, damaged, lost], [rest, wantedDamaged, wantedLost], 'from the log alone');
      });
      return true;
    }),
    process.env['BRIDGE_LONG'] === '1' ? { numRuns: 1000 } : { numRuns: 40, seed: 20261130 },
  );
});

test('a position logged while a batch is being finished does not undo the finish', async (t) => {
  const { store, reader, clock, deliver, directory } = await played(t);
  for (let number = 1; number <= 3; number += 1) await deliver(points(1, number));
  const [first, second] = [reader.next(1), reader.next(1)] as [Batch, Batch];
  await reader.finish(first, nothing);
  const finished = reader.finish(second, { ...nothing, letters: [rejection('{}')] });
  await clock.advance(50);
  await finished;
  await store.durable();
  const { state } = recover({ directory: await copied(t, directory), clock, repairs: false });
  t.deepEqual([state.positions.get('tsdb')?.through, state.letters.count()], [2, 1]);
  t.is(store.state.positions.get('tsdb')?.through, 2);
});

test('a finished batch does not count before its outcome is durable', async (t) => {
  const { store, reader, deliver } = await played(t);
  await deliver(points(1));
  const finished = reader.finish(reader.next(1) as Batch, { ...nothing, kept: points(1), pauseMs: 0 });
  t.is(store.state.positions.get('tsdb')?.through, 0);
  await finished;
  t.is(store.state.positions.get('tsdb')?.through, 1);
});
