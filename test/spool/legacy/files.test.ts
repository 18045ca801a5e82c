// The files of a legacy store: found, set aside and removed, also on full and read-only disks.

import test from 'ava';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { all } from '../../fakes/all.ts';
import { mountedDisk } from '../../fakes/disks.ts';
import {
  damagedLegacyStores,
  hasLegacyStore,
  removeLegacyStore,
  moveLegacyStoreAside,
} from '../../../src/spool/legacy/lmdb/files.ts';
import { LegacyStoreUnreadable } from '../../../src/spool/legacy/lmdb/unreadable.ts';
import { bytesOf, directoryWith, openedStore } from './legacy-stores.ts';

test('removing a store deletes only its files', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  await (await openedStore(t, directory)).close();
  writeFileSync(join(directory, '1.segment'), '');
  t.true(hasLegacyStore(directory));
  removeLegacyStore(directory);
  removeLegacyStore(directory);
  t.deepEqual([hasLegacyStore(directory), readdirSync(directory)], [false, ['1.segment']]);
});

test('a store that is set aside overwrites no other file', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  const atMs = Date.UTC(2026, 10, 21, 3, 34, 12, 5);
  const first = moveLegacyStoreAside(directory, atMs);
  copyFileSync(first, join(directory, 'data.mdb'));
  writeFileSync(join(directory, 'lock.mdb'), '');
  t.is(moveLegacyStoreAside(directory, atMs), `${first}-2`);
  t.true(readFileSync(`${first}-2`).equals(bytesOf('full')));
  t.deepEqual(readdirSync(directory), ['data.mdb.damaged-20261121T033412Z', 'data.mdb.damaged-20261121T033412Z-2']);
});

test('stores that an earlier version has set aside are listed, unless they are salvaged or empty', async (t) => {
  const directory = await directoryWith(t, bytesOf('full'));
  t.deepEqual(damagedLegacyStores(directory), []);
  for (const [time, names] of [
    ['20261122T000000Z', ['data.mdb']],
    ['20261121T000000Z', ['data.mdb']],
    ['20261120T000000Z', ['data.mdb', 'salvaged']],
    ['20261119T000000Z', []],
  ] as const) {
    const aside = `${directory}.damaged-${time}`;
    mkdirSync(aside);
    for (const name of names) writeFileSync(join(aside, name), '');
  }
  t.deepEqual(
    damagedLegacyStores(directory),
    ['20261121T000000Z', '20261122T000000Z'].map((time) => `${directory}.damaged-${time}`),
  );
});

const diskBytes = 1 << 20;

test('on a full disk a store is read; without space for the lock file it fails with the disk error', async (t) => {
  const disk = await mountedDisk(t, 'F11', diskBytes);
  if (disk === undefined) return t.fail('no disk can be mounted here');
  const directory = join(disk, 'spool');
  mkdirSync(directory);
  writeFileSync(join(directory, 'data.mdb'), bytesOf('full'));
  await (await openedStore(t, directory)).close();
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4096']);
  t.is((await all((await openedStore(t, directory)).records(5, 35))).length, 31);
  rmSync(join(directory, 'lock.mdb'));
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'further')}`, 'bs=4096']);
  const error = await t.throwsAsync(openedStore(t, directory), { instanceOf: LegacyStoreUnreadable });
  t.deepEqual([error?.exitCode, error?.isDamaged, /ENOSPC/.test(error?.message ?? '')], [74, false, true]);
  rmSync(join(disk, 'further'));
  rmSync(join(disk, 'filler'));
  t.is((await all((await openedStore(t, directory)).records(5, 35))).length, 31);
});

test('on a read-only disk a store is read without a lock file', async (t) => {
  const disk = await mountedDisk(t, 'F11', diskBytes);
  if (disk === undefined) return t.fail('no disk can be mounted here');
  writeFileSync(join(disk, 'data.mdb'), bytesOf('full'));
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  t.is((await all((await openedStore(t, disk)).records(5, 35))).length, 31);
  t.false(existsSync(join(disk, 'lock.mdb')));
  t.true(existsSync(dirname(disk)));
});
