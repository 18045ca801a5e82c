// `npm run faults`: plays every fault in the long form and prints the table. --only F9,F10 plays these alone, --seed N
// repeats a run, --form short plays the short form.

import { parseArgs } from 'node:util';
import { play, tableHead, tableRow } from './play.ts';
import type { Form } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, only: { type: 'string' }, form: { type: 'string', default: 'long' } },
});
const form = values.form as Form;
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const only = values.only?.split(',');
let failed = 0;

console.log(`seed ${seed}, ${form} form; again: npm run faults -- --seed ${seed} --form ${form}\n`);
for (const line of tableHead) console.log(line);
for (const scenario of scenarios) {
  if (only !== undefined && !only.includes(scenario.id)) continue;
  if (scenario.forms !== undefined && !scenario.forms.includes(form)) continue;
  const row = await play(scenario, form, seed);
  console.log(tableRow(row));
  for (const fault of row.faults) console.log(`  ${row.id}: ${fault}`);
  failed += row.faults.length === 0 ? 0 : 1;
}
console.log(failed === 0 ? '\nevery bar was held' : `\n${failed} not held`);
process.exit(failed === 0 ? 0 : 1);
