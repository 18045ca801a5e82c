// The built program archives pushes and replays them, into a spool or to a running bridge.

import test, { type ExecutionContext } from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { goldenDirectory, goldenPush, goldenPuts, nodesFile } from './golden.ts';
import { type Bridge, bridge, commandOutcome, untilDelivered, untilNodes } from './program.ts';

const names = ['dns', 'web-error', 'ping'];
const putLines = (path: string): string[] => goldenPuts(path).map((line) => line.replace(/^put /, ''));
const expected = names.flatMap((name) => putLines(`catchpoint/${name}`)).toSorted();
const written = (stateDir: string): string[] =>
  readFileSync(join(stateDir, 'points.put'), 'utf8').trimEnd().split('\n').toSorted();

const inFileMode = (stateDir: string): string[] => ['-f', '--nodes-file', nodesFile, '--state-dir', stateDir];

async function started(t: ExecutionContext, args: readonly string[]): Promise<Bridge> {
  const one = await bridge(t, args);
  await untilNodes(one);
  return one;
}

/** Returns the path of an archive of the golden pushes. */
async function archived(t: ExecutionContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  const one = await started(t, [...inFileMode(await temporaryDirectory(t)), '--archive', directory]);
  for (const name of names) t.is(await one.push(goldenPush(name)), 200);
  t.is(await one.push('{}'), 400);
  await one.stop();
  const [file, ...more] = readdirSync(directory);
  t.deepEqual(more, []);
  return join(directory, file as string);
}

async function replayed(
  t: ExecutionContext,
  args: readonly string[],
): Promise<{ readonly exitCode: unknown; readonly counts: string }> {
  const { exitCode, lines } = await commandOutcome(t, 'replay', ...args);
  const of = (name: string): string => lines.find((line) => line.startsWith(name))?.replace(/\s+/g, ' ') ?? '';
  return { exitCode, counts: ['read', 'replayed', 'duplicate', 'malformed', 'skipped'].map(of).join(', ') };
}

test.serial('an archive replayed into a spool becomes the same points once a bridge runs', async (t) => {
  const file = await archived(t);
  const stateDir = await temporaryDirectory(t);
  const first = await replayed(t, [file, ...inFileMode(stateDir)]);
  t.deepEqual(first, { exitCode: 0, counts: 'read 3, replayed 3, duplicate 0, malformed 0, skipped 0' });
  t.deepEqual(await replayed(t, [file, ...inFileMode(stateDir)]), {
    exitCode: 0,
    counts: 'read 3, replayed 0, duplicate 3, malformed 0, skipped 0',
  });
  await untilDelivered(await started(t, inFileMode(stateDir)));
  t.deepEqual(written(stateDir), expected);
});

test.serial('a replay goes to the bridge that uses the state directory, and is not archived again', async (t) => {
  const file = await archived(t);
  const stateDir = await temporaryDirectory(t);
  const again = await temporaryDirectory(t);
  const one = await started(t, [...inFileMode(stateDir), '--archive', again]);
  t.deepEqual(await replayed(t, [file, '--state-dir', stateDir]), {
    exitCode: 0,
    counts: 'read 3, replayed 3, duplicate 0, malformed 0, skipped 0',
  });
  t.deepEqual(await replayed(t, [file, '--to', `${one.pushUrl}/catchpoint`]), {
    exitCode: 0,
    counts: 'read 3, replayed 0, duplicate 3, malformed 0, skipped 0',
  });
  await untilDelivered(one);
  await one.stop();
  t.deepEqual(written(stateDir), expected);
  t.deepEqual(readdirSync(again), []);
});

test.serial("a file written by the original's -f is replayed at corrected times, only if no bridge runs", async (t) => {
  const stateDir = await temporaryDirectory(t);
  const args = [
    `${goldenDirectory}replay/new-york.ndjson`,
    '--written-in-zone',
    'America/New_York',
    ...inFileMode(stateDir),
  ];
  t.deepEqual(await replayed(t, args), {
    exitCode: 0,
    counts: 'read 13, replayed 13, duplicate 0, malformed 0, skipped 0',
  });
  const one = await started(t, inFileMode(stateDir));
  await untilDelivered(one);
  t.is((await replayed(t, args)).exitCode, 69);
  await one.stop();
  t.deepEqual(written(stateDir), putLines('replay/new-york').toSorted());
  t.is((await replayed(t, [args[0] as string, ...inFileMode(stateDir)])).exitCode, 64);
});
