// Damage in a group whose last records are finished.

import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../../../src/spool/readers/batches.ts';
import { points } from '../../fakes/points.ts';
import {
  drained,
  nothing,
  numbersOfPoints,
  recordingWrite,
  run,
  smallSpool,
  memoryDirectory,
  type WrittenGroup,
} from '../small-spool.ts';

test('a damaged record is counted as lost even if later records of its group are finished', async (t) => {
  const directory = await memoryDirectory(t);
  const groups: WrittenGroup[] = [];
  const spool = await smallSpool(t, directory, { write: recordingWrite(groups) });
  const reader = await spool.reader('tsdb');
  await spool.append([], run('first'));
  await Promise.all([1, 2, 3, 4, 5].map((number) => spool.append(points(1, number))));
  const { name, at, bytes } = groups.at(-1) as WrittenGroup;
  const batches = [1, 2, 3, 4, 5].map(() => reader.next(1) as Batch);
  await reader.finish(batches[4] as Batch, nothing);
  await spool.close();
  const file = readFileSync(join(directory, name));
  const hit = at + bytes.indexOf('by_node.2"');
  file[hit] = (file[hit] as number) ^ 1;
  writeFileSync(join(directory, name), file);
  const later = await smallSpool(t, directory);
  const again = await later.reader('tsdb');
  t.deepEqual(numbersOfPoints(await drained(again)), [1, 3, 4]);
  t.like(later.lost(), { records: 1, points: 1 });
  t.is(again.backlog().points, 0);
});
