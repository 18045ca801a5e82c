// The built program on a disk whose sync fails once: nothing false is acknowledged, the program ends, the next start goes on.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { failCalls, syncingCalls } from '../faults/failing-calls.ts';
import { rowTest } from '../faults/row-test.ts';
import { bridge, untilStatus } from './program.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;
const sample = readFileSync(`${golden}catchpoint/ns1-sample.json`, 'utf8');

function argsIn(stateDir: string): string[] {
  return ['-t', '127.0.0.1:1', '--nodes-file', `${golden}nodes/v1.json`, '--state-dir', stateDir];
}

rowTest(
  'F12',
  'a sync that fails ends the program with 74, and only what was acknowledged is there at the next start',
  async (t) => {
    const stateDir = await temporaryDirectory(t);
    const spool = join(stateDir, 'spool');
    const first = await bridge(t, argsIn(stateDir));
    // Then the files that are written have their names.
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
    t.log(`ended ${Math.round(performance.now() - failedAtMs)} ms after it was refused`);
    const second = await bridge(t, argsIn(stateDir));
    const { sinks } = await untilStatus(second, ({ nodes }) => nodes.known > 0);
    t.is(sinks[0]?.backlog.points, 14 * answers.filter((answer) => answer === 200).length);
  },
);
