// The built program on a spool whose reading ends it: started again and again, as a service manager does, it comes up, and
// what can be read arrives.

import test from 'ava';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { sealedJson } from '../../src/spool/record.ts';
import { usesOfPages } from '../damage/damages.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { fakeTsd } from '../fakes/tsd.ts';
import { type Bridge, bridge, program } from './program.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;
const sample = readFileSync(`${golden}catchpoint/ns1-sample.json`, 'utf8');
const pushes = 300;

test('a spool whose reading kills the bridge ends it three times at most, and what can be read arrives', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const argsTo = (host: string): string[] => ['-t', host, '--nodes-file', `${golden}nodes/v1.json`, '--state-dir', stateDir];
  const first = await bridge(t, argsTo('127.0.0.1:1'));
  for (let run = 1; run <= pushes; run += 20) {
    const some = Array.from({ length: 20 }, (_, index) => first.push(sample.replace('"TestId":12345', `"TestId":${run + index}`)));
    t.deepEqual(new Set(await Promise.all(some)), new Set([200]));
  }
  first.child.kill('SIGKILL');
  await first.ended;
  zeroRecords(join(stateDir, 'spool', 'data.mdb'));

  const tsd = await fakeTsd(t);
  const arrived = (): number => new Set(tsd.points().map(({ metric }) => metric.split('.').at(-1))).size;
  let starts = 0;
  let last: Bridge | undefined;
  while (last === undefined) {
    starts += 1;
    const one = await bridge(t, argsTo(new URL(tsd.url).host)).catch(() => undefined);
    if (one !== undefined && (await isThrough(one, arrived))) last = one;
  }
  const { records, points } = await lostOf(last);
  t.log(`${starts} starts; ${records} of ${pushes} records lost`);
  t.true(starts > 1 && starts <= 4, `${starts} starts`);
  t.deepEqual([arrived(), points], [pushes - records, 14 * records]);
  t.true(records < 60);
  last.child.kill('SIGTERM');
  await last.ended;
  const verified = program(t, ['spool', 'verify', '--state-dir', stateDir]);
  t.is(await verified.ended, 0, verified.printed.join('\n'));
});

test('a spool that another version wrote is not called sound', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const environment = open({ path: join(stateDir, 'spool'), noSubdir: false, overlappingSync: false });
  await environment.openDB({ name: 'meta', ...{ encoder: sealedJson(() => {}) } }).put('format', 1);
  await environment.close();
  const verified = program(t, ['spool', 'verify', '--state-dir', stateDir]);
  t.is(await verified.ended, 78);
  t.regex(verified.printed.join('\n'), /another version wrote it/);
});

async function lostOf({ adminUrl }: Bridge): Promise<{ readonly records: number; readonly points: number }> {
  const { lost } = (await (await fetch(`${adminUrl}/healthz`)).json()) as { readonly lost: { readonly records: number; readonly points: number } };
  return lost;
}

/** Whether it goes on until everything that can has arrived. */
async function isThrough(one: Bridge, arrived: () => number): Promise<boolean> {
  let hasEnded = false;
  void one.ended.then(() => void (hasEnded = true));
  while (!hasEnded) {
    const lost = await lostOf(one).catch(() => undefined);
    if (lost !== undefined && arrived() + lost.records >= pushes) return true;
  }
  return false;
}

/** A leaf in the middle of the records, which nothing but the outlet comes to. */
function zeroRecords(path: string): void {
  const { uses, pageBytes } = usesOfPages(path);
  const file = readFileSync(path);
  const leaves = uses.flatMap((use, page) => (use === 'records leaf' ? [page] : []));
  const leaf = leaves[Math.floor(leaves.length / 2)] as number;
  file.fill(0, leaf * pageBytes, (leaf + 1) * pageBytes);
  writeFileSync(path, file);
}
