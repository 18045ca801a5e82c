// Injected errors affect the files of the spool's directory only, however these are written.

import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from '../fakes/directory.ts';
import { failCalls, syncingCalls } from './failing-calls.ts';
import { rowTest } from './row-test.ts';

/** After a line on its input, writes 20 times to each file through a descriptor with O_DSYNC; prints the failures. */
const writer = `
  import { constants, openSync, promises } from 'node:fs';
  import { promisify } from 'node:util';
  import { write } from 'node:fs';
  const flags = constants.O_WRONLY | constants.O_DSYNC;
  const files = process.argv.slice(1).map((path) => [path, openSync(path, flags)]);
  await promises.stat('/');
  console.log('ready');
  process.stdin.once('data', async () => {
    const failed = [];
    for (let count = 0; count < 20; count += 1) {
      for (const [path, file] of files) await promisify(write)(file, Buffer.from('x'), 0, 1, count).catch(({ code }) => failed.push(path + ' ' + code));
    }
    console.log(JSON.stringify([...new Set(failed)]));
  });`;

async function directoryWith(
  t: ExecutionContext,
  name: string,
): Promise<{ readonly directory: string; readonly path: string }> {
  const directory = join(await temporaryDirectory(t), 'spool');
  const path = join(directory, name);
  await mkdir(directory);
  await writeFile(path, '');
  return { directory, path };
}

rowTest('F12', 'writes to a log of segments fail, and writes to files elsewhere do not', async (t) => {
  const [spool, other] = [await directoryWith(t, '1.segment'), await directoryWith(t, '1.segment')];
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, spool.path, other.path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  await failCalls(
    'F12',
    child.pid ?? 0,
    spool.directory,
    { calls: syncingCalls(spool.directory), error: 'EIO', from: 2, isLasting: true },
    t,
  );
  child.stdin.end('go\n');
  t.deepEqual(JSON.parse((await once(lines, 'line'))[0] as string), [`${spool.path} EIO`]);
});

rowTest('F12', 'the syncing calls are the writes of a log of segments, and the syncs of lmdb', async (t) => {
  const [segments, other] = [await directoryWith(t, '1.segment'), await directoryWith(t, 'data.mdb')];
  t.true(syncingCalls(segments.directory).includes('pwrite64'));
  t.deepEqual(syncingCalls(other.directory), ['fdatasync', 'fsync']);
});
