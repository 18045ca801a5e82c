// The short form of the fault harness: every fault, one after the other, each judged. BRIDGE_FAULTS=off leaves all out,
// BRIDGE_FAULTS_WITHOUT=F11,power single ones; what is not left out and cannot be played fails.

import test from 'ava';
import { requireKnownRows } from './left-out.ts';
import { figuresOf, play } from './play.ts';
import { rowTest } from './row-test.ts';
import { scenarios } from './scenarios.ts';

/** The same everywhere unless told otherwise; the long form makes up its own. */
const seed = Number(process.env['BRIDGE_FAULTS_SEED'] ?? 154312930);

// One at a time: each has a bridge and a receiver of its own on a machine that may be small.
for (const scenario of scenarios.filter(({ forms = ['short'] }) => forms.includes('short'))) {
  rowTest(scenario.id, `nothing acknowledged is lost (${scenario.id}): ${scenario.title}`, async (t) => {
    t.timeout(120_000);
    const row = await play(scenario, 'short', seed);
    t.log(figuresOf(row));
    t.deepEqual(row.faults, [], `again: npm run faults -- --form short --only ${scenario.id} --seed ${seed}`);
  });
}

test('only rows that there are can be left out', (t) => {
  t.notThrows(() =>
    requireKnownRows(
      process.env,
      scenarios.map(({ id }) => id),
    ),
  );
});
