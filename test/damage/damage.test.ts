// Damage at every interesting place of a store, one at a time: nothing wrong comes out, nothing but what was damaged is
// missing, and what is missing is said. `corpus.ts` does the same with more places, and lets lmdb read them in children.

import test, { type ExecutionContext } from 'ava';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { checkFile, openingFaults } from '../../src/spool/soundness.ts';
import { verifyStore } from '../../src/spool/verification.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type Damage, damages, usesOfPages } from './damages.ts';
import { judge, pagesOfThings, salvaged } from './judge.ts';
import { fillStore } from './stored.ts';

async function damageable(t: ExecutionContext, deliveries: number) {
  const root = await temporaryDirectory(t);
  const [sound, damaged] = [join(root, 'sound'), join(root, 'damaged')];
  await fillStore(sound, deliveries);
  mkdirSync(damaged);
  const path = join(sound, 'data.mdb');
  const file = readFileSync(path);
  const { uses, pageBytes } = usesOfPages(path);
  const damage = ({ apply }: Damage): string => {
    writeFileSync(join(damaged, 'data.mdb'), apply(file));
    return damaged;
  };
  return { sound, damage, truth: salvaged(sound), pages: pagesOfThings(path), all: damages(file, uses, pageBytes, 1), uses };
}

test('the file of a sound store is read without lmdb: every page has one use, every record is there', async (t) => {
  const { sound, truth, uses } = await damageable(t, 300);
  t.deepEqual(openingFaults(sound), []);
  checkFile(sound, (words) => t.fail(words));
  t.deepEqual(uses.filter((use) => use === 'unused'), []);
  t.deepEqual(truth.lost, { records: 0, points: 0, retries: 0, parked: 0, deadLetters: 0, uncounted: 0 });
  const kinds = [...truth.things.keys()].map((name) => name.split(' ')[0] as string);
  const counts = Object.fromEntries(['run', 'parked', 'letter', 'retry', 'position'].map((kind) => [kind, kinds.filter((each) => each === kind).length]));
  t.deepEqual(counts, { run: 300, parked: 12, letter: 7, retry: 7, position: 1 });
  t.true(uses.includes('records large value') && uses.includes('records branch'));
});

test('whatever is damaged, only that is missing, and it is said', async (t) => {
  const { damage, truth, pages, all } = await damageable(t, 250);
  for (const one of all) {
    const { wrong, missedOut, missingRecords, toldRecords, isUncounted } = judge(truth, salvaged(damage(one)), pages, one.touches);
    const where = `${one.kind}, ${one.where}`;
    t.deepEqual([wrong, missedOut], [[], []], where);
    t.true(toldRecords === missingRecords || isUncounted, `${where}: ${toldRecords} of ${missingRecords} said`);
  }
  t.true(all.length > 300);
});

test('what ends the process that reads it is found by one that nobody needs', async (t) => {
  const { damage, all, uses } = await damageable(t, 250);
  const some = ['records leaf: zeroed', 'records leaf: a bit of its value flipped', 'records leaf: a bit of its key flipped', 'file: cut short'];
  for (const kind of some) {
    const directory = damage(all.find((one) => one.kind === kind && one.touches(uses.indexOf('records leaf'))) as Damage);
    const options = { isAlone: false, stopsAtFirst: true, clock: systemClock(), signal: new AbortController().signal };
    t.true((await verifyStore(directory, options)).damage.length > 0, kind);
  }
});
