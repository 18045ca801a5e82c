// The built program archives what it takes, and replays it: into a spool while no bridge runs, and to a bridge that does.

import test, { type ExecutionContext } from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type Bridge, bridge, program, untilStatus } from './program.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;
const names = ['dns', 'web-error', 'ping'];
const putLines = (path: string): string[] =>
  readFileSync(join(golden, `${path}.points`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replace(/^put /, ''));
const expected = names.flatMap((name) => putLines(`catchpoint/${name}`)).toSorted();
const held = (stateDir: string): string[] =>
  readFileSync(join(stateDir, 'points.put'), 'utf8').trimEnd().split('\n').toSorted();

const inFileMode = (stateDir: string): string[] => [
  '-f',
  '--nodes-file',
  `${golden}nodes/v1.json`,
  '--state-dir',
  stateDir,
];

async function started(t: ExecutionContext, args: readonly string[]): Promise<Bridge> {
  const one = await bridge(t, args);
  await untilStatus(one, ({ nodes }) => nodes.known > 0);
  return one;
}

async function stopped(one: Bridge): Promise<void> {
  one.child.kill('SIGTERM');
  await one.ended;
}

const drained = (one: Bridge): Promise<unknown> => untilStatus(one, ({ sinks }) => sinks[0]?.backlog.points === 0);

/** The path of an archive of the golden pushes, made by a bridge. */
async function archived(t: ExecutionContext): Promise<string> {
  const directory = await temporaryDirectory(t);
  const one = await started(t, [...inFileMode(await temporaryDirectory(t)), '--archive', directory]);
  for (const name of names) t.is(await one.push(readFileSync(join(golden, 'catchpoint', `${name}.json`))), 200);
  t.is(await one.push('{}'), 400);
  await stopped(one);
  const [file, ...more] = readdirSync(directory);
  t.deepEqual(more, []);
  return join(directory, file as string);
}

async function replayed(
  t: ExecutionContext,
  args: readonly string[],
): Promise<{ readonly exitCode: unknown; readonly counts: string }> {
  const run = program(t, ['replay', ...args]);
  const exitCode = await run.ended;
  const of = (name: string): string => run.printed.find((line) => line.startsWith(name))?.replace(/\s+/g, ' ') ?? '';
  return { exitCode, counts: ['read', 'replayed', 'duplicate', 'malformed', 'skipped'].map(of).join(', ') };
}

test.serial('an archive replayed into a spool becomes the same points when a bridge runs on it', async (t) => {
  const file = await archived(t);
  const stateDir = await temporaryDirectory(t);
  const first = await replayed(t, [file, ...inFileMode(stateDir)]);
  t.deepEqual(first, { exitCode: 0, counts: 'read 3, replayed 3, duplicate 0, malformed 0, skipped 0' });
  t.deepEqual(await replayed(t, [file, ...inFileMode(stateDir)]), {
    exitCode: 0,
    counts: 'read 3, replayed 0, duplicate 3, malformed 0, skipped 0',
  });
  await drained(await started(t, inFileMode(stateDir)));
  t.deepEqual(held(stateDir), expected);
});

test.serial('while a bridge uses the state directory, a replay goes to it, and is not archived again', async (t) => {
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
  await drained(one);
  await stopped(one);
  t.deepEqual(held(stateDir), expected);
  t.deepEqual(readdirSync(again), []);
});

test.serial("what the original's -f wrote becomes its points at their true times, in a spool alone", async (t) => {
  const stateDir = await temporaryDirectory(t);
  const args = [`${golden}replay/new-york.ndjson`, '--written-in-zone', 'America/New_York', ...inFileMode(stateDir)];
  t.deepEqual(await replayed(t, args), {
    exitCode: 0,
    counts: 'read 13, replayed 13, duplicate 0, malformed 0, skipped 0',
  });
  const one = await started(t, inFileMode(stateDir));
  await drained(one);
  t.is((await replayed(t, args)).exitCode, 69);
  await stopped(one);
  t.deepEqual(held(stateDir), putLines('replay/new-york').toSorted());
  t.is((await replayed(t, [args[0] as string, ...inFileMode(stateDir)])).exitCode, 64);
});
