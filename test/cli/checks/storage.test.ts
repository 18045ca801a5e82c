// The checks of the disk, the spool and the node directory.

import test from 'ava';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskCheck } from '../../../src/cli/checks/disk.ts';
import { nodesCheck, spoolCheck } from '../../../src/cli/checks/storage.ts';
import { takeStateDirectory } from '../../../src/daemon/state-directory-lock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { directoryFile } from '../../../src/sources/catchpoint/nodes/directory-file.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { points } from '../../fakes/points.ts';
import { movableClock } from '../../fakes/time.ts';
import { configFrom } from '../context.ts';
import { checkContext, lines } from './check-context.ts';

test('the disk check compares the free space with the limit of the spool, and times syncs', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await mkdir(join(stateDir, 'x'));
  const [space, syncs] = await diskCheck(configFrom({ stateDir, spoolMaxBytes: '1MiB' }), checkContext);
  t.regex(space?.words ?? '', /^[\d.]+ [GTM]iB free; the spool may take 1\.0 MiB, and its files have 0 bytes$/);
  t.is(space?.grade, 'ok');
  t.regex(syncs?.words ?? '', /^a write is on disk after [\d.]+ ms$/);
  t.deepEqual(await readdir(stateDir), ['x'], 'it leaves no file');
  const [tooLarge] = await diskCheck(configFrom({ stateDir, spoolMaxBytes: '8000TiB' }), checkContext);
  t.is(tooLarge?.grade, 'warning');
  let nowMs = 0;
  const slow = { ...checkContext, clock: { ...checkContext.clock, steady: () => (nowMs += 30) } };
  t.like((await diskCheck(configFrom({ stateDir }), slow))[1], {
    grade: 'warning',
    words: 'a write is on disk after 30.0 ms',
  });
});

test('without a state directory syncs are not checked; a file in its place is a fault', async (t) => {
  const stateDir = join(await temporaryDirectory(t), 'state');
  t.like((await diskCheck(configFrom({ stateDir }), checkContext))[1], { grade: 'unknown' });
  await writeFile(stateDir, '');
  t.like((await diskCheck(configFrom({ stateDir }), checkContext))[1], { grade: 'fault', code: 74 });
});

test('the spool check reports the backlog, and dead letters are a warning', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const read = configFrom({ stateDir, spoolMaxBytes: '1MiB' });
  t.deepEqual(lines(await spoolCheck(read, checkContext)), ['unknown spool: nothing is kept yet']);
  const spool = await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 1 << 20, clock: checkContext.clock });
  await spool.reader('opentsdb');
  await spool.append(points(1), { deadLetter: { kind: 'implausible-time', reason: 'in 2099', raw: '{}' } });
  await spool.close();
  const found = lines(await spoolCheck(read, checkContext));
  t.is(found[0], 'warning bridge: does not run in this state directory');
  t.regex(found[1] ?? '', /^ok spool: 1 points wait for opentsdb/);
  t.regex(found[2] ?? '', /^ok spool: \d+ bytes of 1\.0 MiB are in use$/);
  t.regex(found[3] ?? '', /^warning dead letters: 1, /);
});

test('a spool that another process uses without an admin.json is not checked', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await (await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 1 << 20, clock: checkContext.clock })).close();
  const { release } = await takeStateDirectory(stateDir, 1);
  t.teardown(release);
  const [found] = lines(await spoolCheck(configFrom({ stateDir }), checkContext));
  t.regex(found ?? '', /^unknown spool: state directory .*: a process uses it and has written no admin\.json; /);
});

test('a node directory older than two refreshes is a warning', async (t) => {
  const stateDir = await temporaryDirectory(t);
  t.deepEqual(lines(await nodesCheck(configFrom({ stateDir }), checkContext)), [
    'unknown node directory: none is kept yet; the first start reads it',
  ]);
  const context = { ...checkContext, clock: movableClock() };
  await directoryFile({ stateDir, log: silentLog() }).write({
    refreshedAtMs: context.clock.now() - 30 * 3_600_000,
    nodes: [
      { id: 1, active: true },
      { id: 2, active: false, retiredAtMs: 5 },
    ],
  });
  const words = 'node directory: 2 nodes (1 of them retired), read 1 d 6 h ago';
  t.deepEqual(lines(await nodesCheck(configFrom({ stateDir }), context)), [`ok ${words}`]);
  t.deepEqual(lines(await nodesCheck(configFrom({ stateDir, refreshHours: '12' }), context)), [`warning ${words}`]);
});

test('without the Catchpoint source there is no node directory to check', async (t) => {
  const read = configFrom({ catchpoint: false, backstop: true, stateDir: await temporaryDirectory(t) });
  t.deepEqual(await nodesCheck(read, checkContext), []);
});
