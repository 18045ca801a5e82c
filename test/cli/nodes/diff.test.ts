// `nodes diff`: the differences of tag values between two listings.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodesDiff } from '../../../src/cli/nodes/diff.ts';
import type { CatchpointConfig, Config } from '../../../src/config/config.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { directoryFile } from '../../../src/sources/catchpoint/nodes/directory-file.ts';
import type { Node } from '../../../src/sources/catchpoint/nodes/node.ts';
import { dimensions } from '../../../src/sources/catchpoint/slices.ts';
import { account, fakeCatchpoint, world } from '../../fakes/catchpoint.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { movableClock } from '../../fakes/time.ts';

async function stage(t: ExecutionContext, catchpoint: Partial<CatchpointConfig> = {}) {
  const clock = movableClock();
  const stateDir = await temporaryDirectory(t);
  const api = await fakeCatchpoint(t, { clock, nodes: world(12) });
  const config = {
    catchpoint: {
      url: api.url,
      key: account.key,
      secret: account.secret,
      apiKey: account.apiKey,
      nodesFile: undefined,
      refreshHours: 24,
      ...catchpoint,
    },
    metrics: { slices: dimensions },
    stateDir,
  } as unknown as Config;
  const log = silentLog();
  const keep = (nodes: readonly Node[]) => directoryFile({ stateDir, log }).write({ refreshedAtMs: 1, nodes });
  async function diff(before = 'stored', after = 'fresh', json = false) {
    let output = '';
    const signal = new AbortController().signal;
    const running = nodesDiff({
      config,
      clock,
      random: () => 0.5,
      log,
      signal,
      write: (text) => void (output += text),
      json,
      before,
      after,
    });
    return { exitCode: await untilSettled(clock, running, 1000), output };
  }
  const file = async (name: string, nodes: readonly Node[]): Promise<string> => {
    const path = join(stateDir, name);
    await writeFile(path, JSON.stringify({ nodes }));
    return path;
  };
  return { keep, diff, file };
}

const one: Node = { id: 1, name: 'Jinan, CN - Unicom', city: 'Jinan', isp: 'Unicom', asn: 4837, active: true };
const two: Node = { id: 2, name: 'Zürich', city: 'Zürich', active: true };

test('the table has each tag value that changes, and no change that gives the same tag', async (t) => {
  const { keep, diff, file } = await stage(t);
  await keep([one, two, { id: 3, active: true }]);
  const path = await file('new.json', [
    { ...one, isp: 'China Unicom', asn: 4808, region: 'Shandong' },
    { ...two, city: 'Zurich' },
    { id: 4, active: true },
  ]);
  const { exitCode, output } = await diff('stored', path);
  t.is(exitCode, 1);
  t.deepEqual(
    output
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/)),
    [
      ['ID', 'NAME', 'TAG', 'BEFORE', 'AFTER'],
      ['1', 'Jinan, CN - Unicom', 'asn', '4837', '4808'],
      ['1', 'Jinan, CN - Unicom', 'region', '-', 'Shandong'],
      ['1', 'Jinan, CN - Unicom', 'isp', 'Unicom', 'China_Unicom'],
      ['3 tag values of 1 nodes would change, of 2 nodes in both; 1 nodes are new, 1 are gone'],
      ['new: 4'],
      ['gone: 3'],
    ],
  );
  t.deepEqual(JSON.parse((await diff('stored', path, true)).output), {
    before: 'stored',
    after: path,
    added: [4],
    gone: [3],
    inBoth: 2,
    changed: [
      {
        id: 1,
        name: 'Jinan, CN - Unicom',
        dimension: 'asn',
        before: '4837',
        after: '4808',
      },
      {
        id: 1,
        name: 'Jinan, CN - Unicom',
        dimension: 'region',
        before: null,
        after: 'Shandong',
      },
      {
        id: 1,
        name: 'Jinan, CN - Unicom',
        dimension: 'isp',
        before: 'Unicom',
        after: 'China_Unicom',
      },
    ],
  });
});

test('equal listings have no differences, and retired nodes are left out', async (t) => {
  const { keep, diff, file } = await stage(t);
  await keep([one, { ...two, retiredAtMs: 1 }]);
  t.deepEqual(await diff('stored', await file('same.json', [one])), {
    exitCode: 0,
    output: '0 tag values of 0 nodes would change, of 1 nodes in both; 0 nodes are new, 0 are gone\n',
  });
});

test('an overridden value does not change', async (t) => {
  const path = join(await temporaryDirectory(t), 'o.yaml');
  await writeFile(path, '1: { isp: China Unicom }\n');
  const { keep, diff, file } = await stage(t, { nodeOverrides: path });
  await keep([one]);
  t.is((await diff('stored', await file('new.json', [{ ...one, isp: 'Another' }]))).exitCode, 0);
});

test('v1 and v2 are read with their own credentials and compared', async (t) => {
  const { diff } = await stage(t);
  const { output } = await diff('v1', 'v2', true);
  const { changed, added, gone, inBoth } = JSON.parse(output) as {
    changed: { dimension: string }[];
    added: number[];
    gone: number[];
    inBoth: number;
  };
  t.deepEqual([added, gone, inBoth], [[], [], 12]);
  t.deepEqual(
    changed.filter(({ dimension }) => dimension === 'city' || dimension === 'asn' || dimension === 'country'),
    [],
  );
});

test('an unavailable listing is an error with an exit code', async (t) => {
  const { diff } = await stage(t, { key: undefined, apiKey: undefined });
  await t.throwsAsync(diff('stored'), { message: /^stored: no nodes are known yet/ });
  await t.throwsAsync(diff('v1', 'v2'), { message: 'v1: give --key and --secret' });
  await t.throwsAsync(diff('v2'), { message: 'v2: give --api-key' });
  await t.throwsAsync(diff('fresh'), { message: /^fresh: nowhere to read the nodes from/ });
  const error = await t.throwsAsync(diff('/nowhere/nodes.json'), { message: /^\/nowhere\/nodes.json: nodes file/ });
  t.is((error as unknown as { exitCode: number }).exitCode, 69);
});
