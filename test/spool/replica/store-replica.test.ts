// The replica of the store in a thread does not depend on the start of its clock, or on the wall clock.

import test from 'ava';
import { storeReplica } from '../../../src/spool/replica/store-replica.ts';
import type { StoreDelta } from '../../../src/spool/replica/replica-updates.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { finishNext, memoryDirectory, smallSpool } from '../small-spool.ts';

const hourMs = 3_600_000;

test('a retry is due after the same pause in a thread whose clock started at another time and was set back', async (t) => {
  const clock = movableClock();
  const spool = await smallSpool(t, await memoryDirectory(t), { clock });
  const reader = await spool.reader('tsdb');
  await spool.append(points(2));
  const before = spool.shared.snapshot();
  const deltas: StoreDelta[] = [];
  spool.shared.listen({ changed: (delta) => void deltas.push(delta), wake: () => {} });
  await clock.advance(50_000);
  await finishNext(reader, { kept: points(1), pauseMs: 1_000 });
  const ofThread = movableClock();
  await ofThread.advance(7);
  ofThread.jump(-hourMs);
  const updated = storeReplica(before, ofThread);
  for (const delta of deltas) updated.put(delta);
  const fresh = storeReplica(spool.shared.snapshot(), ofThread);
  for (const { state } of [updated, fresh]) {
    t.deepEqual(
      [...(state.retries.get('tsdb')?.values() ?? [])].map(({ dueAtMs }) => dueAtMs - ofThread.steady()),
      [1_000],
    );
  }
});
