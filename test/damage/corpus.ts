// Damages a store at every interesting place, one place at a time, and prints what came of it: `node build/test/damage/corpus.js`.
// With a number: so many records in the store; with a second one: so many pages of each use.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { verifyStore } from '../../src/spool/verification.ts';
import { damages, usesOfPages } from './damages.ts';
import { judge, pagesOfThings, salvaged } from './judge.ts';
import { fillStore } from './stored.ts';

const [records = 3000, pagesAUse = 3] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), 'bridge-corpus-'));
const sound = join(root, 'sound');
const damaged = join(root, 'damaged');
await fillStore(sound, records);
const path = join(sound, 'data.mdb');
const file = readFileSync(path);
const { uses, pageBytes } = usesOfPages(path);
const [truth, pages] = [salvaged(sound), pagesOfThings(path)];
mkdirSync(damaged);

const rows = new Map<string, number[]>();
const columns = ['cases', 'seen', 'deaths', 'records saved', 'lost', 'told', 'uncounted', 'WRONG', 'UNTOUCHED BUT GONE', 'UNSEEN LOSS'];
for (const damage of damages(file, uses, pageBytes, pagesAUse)) {
  rmSync(join(damaged, 'lock.mdb'), { force: true });
  writeFileSync(join(damaged, 'data.mdb'), damage.apply(file));
  const clock = systemClock();
  const { damage: words, deaths } = await verifyStore(damaged, { isAlone: true, stopsAtFirst: false, clock, signal: new AbortController().signal });
  const judgement = judge(truth, salvaged(damaged), pages, damage.touches);
  const { wrong, missedOut, missingRecords, toldRecords, isUncounted, found } = judgement;
  const unseen = words.length === 0 && (missingRecords > 0 || wrong.length > 0) ? 1 : 0;
  const counts = [1, words.length > 0 ? 1 : 0, deaths, found, missingRecords, toldRecords, isUncounted ? 1 : 0, wrong.length, missedOut.length, unseen];
  for (const group of [damage.kind.split(':')[0] as string, 'all']) {
    rows.set(group, counts.map((count, index) => count + (rows.get(group)?.[index] ?? 0)));
  }
  if (wrong.length + missedOut.length + unseen > 0 || (missingRecords !== toldRecords && !isUncounted)) {
    console.log(`${damage.kind}, ${damage.where}: ${JSON.stringify({ ...judgement, missedOut: missedOut.length, example: missedOut[0], words: words.slice(0, 2) })}`);
  }
}
console.log(`${truth.things.size} things in ${uses.length} pages, ${[...truth.things.keys()].filter((name) => name.startsWith('record')).length} records`);
const line = (cells: readonly (string | number)[]): string => cells.map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](index === 0 ? 26 : 15)).join(' ');
console.log([line(['damaged', ...columns]), ...[...rows].map(([group, counts]) => line([group, ...counts]))].join('\n'));
rmSync(root, { recursive: true });
