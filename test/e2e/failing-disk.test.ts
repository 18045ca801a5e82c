// The built program on a disk whose sync fails once: nothing false is acknowledged, the program ends, the next start goes on.

import test, { type ExecutionContext } from 'ava';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bridge, untilStatus } from './program.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;
const sample = readFileSync(`${golden}catchpoint/ns1-sample.json`, 'utf8');

function argsIn(stateDir: string): string[] {
  return ['-t', '127.0.0.1:1', '--nodes-file', `${golden}nodes/v1.json`, '--state-dir', stateDir];
}

/** Whether system calls can be made to fail here; a word in the test's output where not. */
function canInject(t: ExecutionContext): boolean {
  const { status, error } = spawnSync('strace', ['-e', 'inject=fdatasync:error=EIO:when=1', 'true']);
  if (status === 0) return true;
  t.log(`no system call can be made to fail here (${error?.message ?? `strace ended with ${status}`}): test/spool/full-disk.test.ts plays it`);
  return false;
}

test('a sync that fails ends the program with 74, and only what was acknowledged is there at the next start', async (t) => {
  if (!canInject(t)) {
    t.pass();
    return;
  }
  const stateDir = await temporaryDirectory(t);
  const failing = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=25'];
  const first = await bridge(t, argsIn(stateDir), {}, failing);
  const answers: number[] = [];
  let run = 0;
  while (answers.at(-1) === undefined || answers.at(-1) === 200) answers.push(await first.push(sample.replace('"TestId":12345', `"TestId":${(run += 1)}`)));
  const failedAtMs = performance.now();
  t.is(answers.at(-1), 503);
  t.is(await first.ended, 74);
  t.log(`ended ${Math.round(performance.now() - failedAtMs)} ms after it was refused`);
  const second = await bridge(t, argsIn(stateDir));
  const { sinks } = await untilStatus(second, ({ nodes }) => nodes.known > 0);
  t.is(sinks[0]?.backlog.points, 14 * answers.filter((answer) => answer === 200).length);
});
