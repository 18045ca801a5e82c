// Reading changes back from the log: also from groups with damaged headers, and never those of failed groups.

import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChangeReader } from '../../../src/spool/state/change-reader.ts';
import { groupTable } from '../../../src/spool/log/group-table.ts';
import { everyLetter } from '../../fakes/letters.ts';
import { copied, recordingWrite, smallSpool, memoryDirectory, type WrittenGroup } from '../small-spool.ts';

test('a discarded change is not read from its location', async (t) => {
  const directory = await memoryDirectory(t);
  const changes = new ChangeReader(directory, () => [], groupTable(directory));
  const place = { segment: 1, at: 1088 };
  changes.hold(place, { noLetters: ['00'] });
  t.deepEqual(changes.read(place), { noLetters: ['00'] });
  changes.discard();
  t.is(changes.read(place), undefined);
});

test('letters are read from consecutive groups with damaged headers', async (t) => {
  const directory = await memoryDirectory(t);
  const groups: WrittenGroup[] = [];
  const spool = await smallSpool(t, directory, { write: recordingWrite(groups) });
  for (let number = 1; number <= 6; number += 1)
    await spool.append([], { deadLetter: { kind: 'implausible-time', reason: 'no', raw: `${number}` } });
  t.is(new Set(groups.map(({ name }) => name)).size, 1);
  await spool.close();
  for (const [from, through] of [
    [0, 0],
    [1, 2],
    [2, 4],
    [3, 5],
    [0, 5],
  ] as const) {
    const copy = await copied(t, directory);
    const path = join(copy, groups[0]?.name as string);
    const bytes = readFileSync(path);
    for (const { at } of groups.slice(from, through + 1)) bytes.fill(0, at, at + 32);
    writeFileSync(path, bytes);
    const later = await smallSpool(t, copy);
    t.deepEqual(
      everyLetter(later.deadLetters).map(({ raw }) => raw),
      ['1', '2', '3', '4', '5', '6'],
      `headers ${from} to ${through}`,
    );
    t.is(later.lost().deadLetters, 0);
  }
});
