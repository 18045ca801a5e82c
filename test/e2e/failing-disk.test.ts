// The built program on a disk whose sync fails once: it acknowledges nothing that is not stored, and ends.

import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { failCalls, syncingCalls } from '../faults/failing-calls.ts';
import { rowTest } from '../faults/row-test.ts';
import { golden } from './golden.ts';
import { bridge, nodesAndState, unreachableTsdb, untilNodes } from './program.ts';

const sample = golden('catchpoint/ns1-sample.json');

rowTest(
  'F12',
  'a failing sync ends the program with exit code 74, and the next start finds exactly the acknowledged runs',
  async (t) => {
    const stateDir = await temporaryDirectory(t);
    const spool = join(stateDir, 'spool');
    const args = [...unreachableTsdb, ...(await nodesAndState(t, stateDir))];
    const first = await bridge(t, args);
    // This push creates the files.
    const answers: number[] = [await first.push(sample.replace('"TestId":12345', '"TestId":77777'))];
    await failCalls(
      'F12',
      first.child.pid ?? 0,
      spool,
      { calls: syncingCalls(spool), error: 'EIO', from: 12, isLasting: false },
      t,
    );
    let run = 0;
    while (answers.at(-1) === 200)
      answers.push(await first.push(sample.replace('"TestId":12345', `"TestId":${(run += 1)}`)));
    const failedAtMs = performance.now();
    t.is(answers.at(-1), 503);
    t.is(await first.ended, 74);
    t.log(`ended ${Math.round(performance.now() - failedAtMs)} ms after the refusal`);
    const second = await bridge(t, args);
    const { sinks } = await untilNodes(second);
    t.is(sinks[0]?.backlog.points, 14 * answers.filter((answer) => answer === 200).length);
  },
);
