// The memory that recovery leaves behind.

import test from 'ava';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openStore } from '../../../src/spool/open-store.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { largeDisk, memoryDirectory, run } from '../small-spool.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('the run keys that a start replays do not stay in the heap', async (t) => {
  const directory = await memoryDirectory(t);
  const options = { directory, clock: movableClock(), maxBytes: 1 << 30, dedupMaxBytes: 1 << 26 };
  const runCount = 20_000;
  const spool = await openSpool({ ...options, disk: largeDisk(directory) });
  await Promise.all(Array.from({ length: runCount }, (_, key) => spool.append(points(1), run(String(key)))));
  await spool.close();
  for (const checkpoint of ['checkpoint', 'checkpoint.former']) rmSync(join(directory, checkpoint), { force: true });
  const beforeBytes = heapBytes();
  const store = openStore({ ...options, disk: largeDisk(directory) });
  t.teardown(() => store.close());
  t.true(store.dedup.status().runs >= runCount);
  const bytesPerRun = (heapBytes() - beforeBytes) / runCount;
  t.true(bytesPerRun < 60, `${bytesPerRun.toFixed(1)} bytes a run`);
});
