// The short form of the fault harness plays and judges every fault. BRIDGE_FAULTS=off skips all of them, and
// BRIDGE_FAULTS_WITHOUT=F11,power single ones. A fault that cannot be played fails.

import test from 'ava';
import { requireKnownRows } from './left-out.ts';
import { figuresOf, play } from './play.ts';
import { rowTest } from './row-test.ts';
import { scenarios } from './scenarios.ts';

/** A fixed seed; the long form chooses its own. */
const seed = Number(process.env['BRIDGE_FAULTS_SEED'] ?? 154312930);

// They run one at a time, since each has a bridge and a receiver of its own.
for (const scenario of scenarios.filter(({ forms = ['short'] }) => forms.includes('short'))) {
  rowTest(scenario.id, `nothing acknowledged is lost (${scenario.id}): ${scenario.title}`, async (t) => {
    t.timeout(120_000);
    const row = await play(scenario, 'short', seed);
    t.log(figuresOf(row));
    t.deepEqual(row.faults, [], `again: npm run faults -- --form short --only ${scenario.id} --seed ${seed}`);
  });
}

test('only existing rows can be skipped', (t) => {
  t.notThrows(() =>
    requireKnownRows(
      process.env,
      scenarios.map(({ id }) => id),
    ),
  );
});
