// A store whose file is deleted or replaced while it is open: nothing is acknowledged into it any more, and what is in it is kept.

import test, { type ExecutionContext } from 'ava';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { openLog } from '../../src/log.ts';
import { unsalvaged } from '../../src/spool/aside.ts';
import { openSoundSpool } from '../../src/spool/sound-spool.ts';
import { openSpool } from '../../src/spool/spool.ts';
import { drained, restored } from '../damage/damaged-spool.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { linesOf } from '../fakes/lines.ts';
import { points } from '../fakes/points.ts';

async function stored(t: ExecutionContext) {
  const directory = join(await temporaryDirectory(t), 'spool');
  const { lines, destination } = linesOf();
  const log = openLog({ level: 'info', format: 'json', destination });
  const open = async () => {
    const spool = await openSoundSpool({ directory, maxBytes: 1 << 30, clock: systemClock(), log });
    t.teardown(() => spool.close());
    return { spool, reader: await spool.reader('a') };
  };
  const first = await open();
  for (let index = 0; index < 50; index += 1) await first.spool.append(points(10, 10 * index));
  return { directory, path: join(directory, 'data.mdb'), open, lines, ...first };
}

async function failsWith(t: ExecutionContext, { append, failed }: { append: (some: ReturnType<typeof points>) => Promise<unknown>; failed: Promise<Error> }): Promise<string> {
  t.like(await t.throwsAsync(append(points(1))), { name: 'DiskFailed', status: 503 });
  const failure = await failed;
  t.like(failure, { name: 'DiskFailed', exitCode: 74 });
  await t.throwsAsync(append(points(1)), { name: 'DiskFailed' });
  return failure.message;
}

test('a file that is deleted, or its whole directory, is noticed before anything more is acknowledged, and is there again with all of it, what was refused last as well', async (t) => {
  for (const what of ['file', 'directory'] as const) {
    const { directory, path, spool, open } = await stored(t);
    rmSync(what === 'file' ? path : directory, { recursive: true });
    t.is(await failsWith(t, spool), `spool: ${path} was deleted while the bridge ran; what was in it is there again`);
    await spool.close();
    const { reader } = await open();
    t.is(reader.backlog().points, 501);
    t.is([...(await drained(reader)).values()].reduce((sum, count) => sum + count, 0), 501);
  }
});

test('a file that is deleted while nothing is pushed is there again when the store is closed', async (t) => {
  const { path, spool, open } = await stored(t);
  rmSync(path);
  await spool.close();
  t.is((await open()).reader.backlog().points, 500);
});

test('a file that another takes the place of is kept aside, and what was in it comes back beside what is in the other', async (t) => {
  const { directory, path, spool, open, lines } = await stored(t);
  const other = join(await temporaryDirectory(t), 'spool');
  const another = await openSpool({ directory: other, maxBytes: 1 << 30, clock: systemClock() });
  await another.reader('a');
  await another.append(points(7, 5000));
  await another.close();
  renameSync(join(other, 'data.mdb'), path);
  t.regex(await failsWith(t, spool), /data\.mdb was replaced while the bridge ran; what was in it is in .*\/spool\.damaged-\S+, and comes back after the next start$/);
  await spool.close();
  const later = await open();
  t.is(later.reader.backlog().points, 7);
  await restored(later.spool, () => lines.some((line) => line.includes('the damaged spool is restored')));
  t.is(later.reader.backlog().points, 508);
  t.true(existsSync(directory));
});

test('where it cannot be saved, that is said', async (t) => {
  const { directory, path, spool } = await stored(t);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'in the way');
  t.regex(await failsWith(t, spool), new RegExp(`^spool: ${path} was deleted while the bridge ran, and what was in it could not be saved \\(.*\\): all that waited is lost$`));
  rmSync(directory);
});

const isNamed = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

test('a copy that finds no room on the disk is removed, beside a file that is gone and where another has its place', async (t) => {
  const deleted = await stored(t);
  const copy = `${deleted.path}.new`;
  symlinkSync('/dev/full', copy);
  rmSync(deleted.path);
  t.regex(await failsWith(t, deleted.spool), /was deleted .* could not be saved \(ENOSPC/);
  t.false(isNamed(copy));

  const replaced = await stored(t);
  const rescue = `${replaced.directory}.rescue`;
  mkdirSync(rescue);
  symlinkSync('/dev/full', join(rescue, 'data.mdb'));
  rmSync(replaced.path);
  writeFileSync(replaced.path, 'another');
  t.regex(await failsWith(t, replaced.spool), /was replaced .* could not be saved \(ENOSPC/);
  t.deepEqual(readdirSync(dirname(replaced.directory)).filter((name) => name.startsWith('spool.')), []);
  rmSync(replaced.path);
});

test('what a rescue left that was killed is removed at the next start, and is no store that is to be salvaged', async (t) => {
  const { directory, path, spool, open, lines } = await stored(t);
  await spool.close();
  const aside = `${directory}.damaged-20261121T033412Z`;
  for (const left of [aside, `${directory}.rescue`]) mkdirSync(left);
  for (const left of [`${path}.new`, join(aside, 'data.mdb.new'), join(`${directory}.rescue`, 'data.mdb')]) writeFileSync(left, 'not all of it');
  t.deepEqual(unsalvaged(directory), []);
  const { spool: later, reader } = await open();
  t.is(reader.backlog().points, 500);
  t.deepEqual([isNamed(`${path}.new`), isNamed(`${directory}.rescue`), later.isRestoring()], [false, false, false]);
  t.deepEqual(lines.filter((line) => line.includes('salvage')), []);
});
