// strace records a process that writes as a log of segments does. The recording is complete, and every group that the
// process has reported durable survives each loss of power.

import type { ExecutionContext } from 'ava';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { seeded } from '../../../src/simulator/seeded.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { rowTest } from '../row-test.ts';
import { crashAfter, differences, type Snapshot } from './crash.ts';
import { imagesIn } from './descriptors.ts';
import { record } from './recording.ts';
import type { StoreEvent } from './store-event.ts';

/**
 * Writes groups of 700 bytes into segments of ten with O_DSYNC, reuses old segments by renaming them, and writes
 * checkpoints. It waits for a line on its input before it begins, and for another before it ends.
 */
const writer = `
  import fs from 'node:fs/promises';
  import { constants } from 'node:fs';
  import { once } from 'node:events';
  const [directory, leavesOut] = process.argv.slice(1);
  const path = (name) => directory + '/' + name;
  const syncDirectory = async () => { if (leavesOut === 'directory') return; const it = await fs.open(directory); await it.sync(); await it.close(); };
  const flags = constants.O_WRONLY | constants.O_CREAT | (leavesOut === 'dsync' ? 0 : constants.O_DSYNC);
  let segment = await fs.open(path('1.segment'), flags);
  console.log('ready');
  await once(process.stdin, 'data');
  for (let group = 0; group < 40; group += 1) {
    await segment.write(Buffer.alloc(700, 65 + group % 26), 0, 700, (group % 10) * 700);
    if (group % 10 !== 9) continue;
    const number = 1 + (group + 1) / 10;
    const checkpoint = await fs.open(path('checkpoint.new'), 'w');
    await checkpoint.write('group ' + group);
    await checkpoint.sync();
    await checkpoint.close();
    await fs.rename(path('checkpoint.new'), path('checkpoint'));
    await segment.close();
    if (number > 2) await fs.rename(path(number - 2 + '.segment'), path(number + '.segment'));
    segment = await fs.open(path(number + '.segment'), flags);
    await syncDirectory();
  }
  console.log('done');
  await once(process.stdin, 'data');
  process.exit();`;

/** @param leavesOut - the sync that the process omits */
async function recorded(t: ExecutionContext, leavesOut = '') {
  const directory = join(await temporaryDirectory(t), 'spool');
  await mkdir(directory);
  await writeFile(join(directory, '1.segment'), Buffer.alloc(8_192));
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', writer, directory, leavesOut], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  await once(lines, 'line');
  const recording = await record('power', {
    pid: child.pid ?? 0,
    directory,
    output: join(await temporaryDirectory(t), 'calls'),
    closing: t,
  });
  child.stdin?.write('go\n');
  await once(lines, 'line');
  child.stdin?.end('end\n');
  await once(child, 'close');
  return { directory, before: recording.before, events: await recording.end() };
}

type Write = Extract<StoreEvent, { kind: 'write' }>;

/** Returns the newest group whose write has returned. */
function lastWritten(events: readonly StoreEvent[]): Write | undefined {
  const returned = new Set(events.flatMap((event) => (event.kind === 'returned' ? [event.call] : [])));
  return events
    .flatMap((event) =>
      event.kind === 'write' && event.bytes.length === 700 && returned.has(event.call) ? [event] : [],
    )
    .at(-1);
}

/** Returns the events after which a loss of power would lose the newest group. */
function losses(events: readonly StoreEvent[], before: Snapshot): number[] {
  const random = seeded(5);
  const counts = Array.from({ length: events.length + 1 }, (_, count) => count);
  return counts.filter((count) => {
    const last = lastWritten(events.slice(0, count));
    const { files } = crashAfter(events, count, before, count % 2 === 0 ? 0 : random(), random);
    const segments = [...files].filter(([name]) => name.endsWith('.segment')).map(([, image]) => image.whole());
    return (
      last !== undefined && !segments.some((bytes) => bytes.subarray(last.offset, last.offset + 700).equals(last.bytes))
    );
  });
}

rowTest(
  'power',
  'the recording of a log of segments is complete, and synced groups survive each loss of power',
  async (t) => {
    const { directory, before, events } = await recorded(t);
    t.deepEqual(differences(events, before, imagesIn(directory)), []);
    const kinds = (kind: StoreEvent['kind']): number => events.filter((event) => event.kind === kind).length;
    t.deepEqual([kinds('write'), kinds('rename'), kinds('create'), kinds('sync')], [44, 7, 5, 8]);
    t.is(events.filter((event) => event.kind === 'write' && event.isSynced).length, 40);
    t.deepEqual(losses(events, before), []);
  },
);

for (const leavesOut of ['dsync', 'directory']) {
  rowTest('power', `a log of segments that omits a sync is detected: ${leavesOut}`, async (t) => {
    const { directory, before, events } = await recorded(t, leavesOut);
    t.deepEqual(differences(events, before, imagesIn(directory)), []);
    t.true(losses(events, before).length > 10);
  });
}
