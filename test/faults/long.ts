// `npm run faults` plays every fault in the long form and prints the table. --only F9,F10 plays these alone, --seed N
// repeats a run, --form short plays the short form, and BRIDGE_FAULTS_WITHOUT=F11,F12 skips rows.

import { parseArgs } from 'node:util';
import { leftOut, requireKnownRows } from './left-out.ts';
import { play, rowLeftOut, tableHead, tableRow } from './play.ts';
import type { Form } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, only: { type: 'string' }, form: { type: 'string', default: 'long' } },
});
const form = values.form as Form;
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const only = values.only?.split(',');
let failed = 0;
let held = 0;
let without = 0;
requireKnownRows(
  process.env,
  scenarios.map(({ id }) => id),
);

console.log(`seed ${seed}, ${form} form; again: npm run faults -- --seed ${seed} --form ${form}\n`);
for (const line of tableHead) console.log(line);
for (const scenario of scenarios) {
  if (only !== undefined && !only.includes(scenario.id)) continue;
  if (scenario.forms !== undefined && !scenario.forms.includes(form)) continue;
  const skipped = leftOut(scenario.id, process.env);
  const row = skipped === undefined ? await play(scenario, form, seed) : rowLeftOut(scenario, seed, skipped);
  console.log(tableRow(row));
  for (const fault of row.faults) console.log(`  ${row.id}: ${fault}`);
  if (skipped !== undefined) without += 1;
  else if (row.faults.length === 0) held += 1;
  else failed += 1;
}
console.log(`\n${held} held, ${failed} not held, ${without} left out`);
process.exit(failed === 0 && held > 0 ? 0 : 1);
