// The short form of the fault harness: every fault, one after the other, each judged; BRIDGE_FAULTS=off leaves it out.

import test from 'ava';
import { play } from './play.ts';
import { scenarios } from './scenarios.ts';

/** One at a time: each has a bridge and a receiver of its own on a machine that may be small. */
const faults = process.env['BRIDGE_FAULTS'] === 'off' ? test.serial.skip : test.serial;
/** The same everywhere unless told otherwise; the long form makes up its own. */
const seed = Number(process.env['BRIDGE_FAULTS_SEED'] ?? 154312930);

for (const scenario of scenarios.filter(({ forms = ['short'] }) => forms.includes('short'))) {
  faults(`nothing acknowledged is lost (${scenario.id}): ${scenario.title}`, async (t) => {
    t.timeout(120_000);
    t.log(`seed ${seed}`);
    const row = await play(scenario, 'short', seed);
    t.deepEqual(row.faults, [], `again: npm run faults -- --form short --only ${scenario.id} --seed ${seed}`);
  });
}
