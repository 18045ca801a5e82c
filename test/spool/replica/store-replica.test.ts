// What a thread is told of the store: nothing that depends on when its clock began, or on what the wall clock says meanwhile.

import test from 'ava';
import { storeReplica } from '../../../src/spool/replica/store-replica.ts';
import type { StoreDelta } from '../../../src/spool/replica/replica-updates.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { nothing, smallSpool, swiftDirectory } from '../small-spool.ts';

const hourMs = 3_600_000;

test('a retry is due in a thread after the same pause, though its clock began at another time and the wall clock is set back', async (t) => {
  const clock = movableClock();
  const spool = await smallSpool(t, await swiftDirectory(t), { clock });
  const reader = await spool.reader('tsdb');
  await spool.append(points(2));
  const before = spool.shared.snapshot();
  const deltas: StoreDelta[] = [];
  spool.shared.listen({ changed: (delta) => void deltas.push(delta), wake: () => {} });
  await clock.advance(50_000);
  const batch = reader.next(9);
  await reader.finish(batch as NonNullable<typeof batch>, { ...nothing, kept: points(1), pauseMs: 1_000 });
  const ofThread = movableClock();
  await ofThread.advance(7);
  ofThread.jump(-hourMs);
  const told = storeReplica(before, ofThread);
  for (const delta of deltas) told.put(delta);
  const begun = storeReplica(spool.shared.snapshot(), ofThread);
  for (const { state } of [told, begun]) {
    t.deepEqual(
      [...(state.retries.get('tsdb')?.values() ?? [])].map(({ dueAtMs }) => dueAtMs - ofThread.steady()),
      [1_000],
    );
  }
});
