// `nodes list`, `show` and `refresh`, as text and as JSON.

import test, { type ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listNodes, type NodesOptions, refreshNodes, showNode } from '../../../src/cli/nodes/nodes.ts';
import type { CatchpointConfig, Config } from '../../../src/config/config.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { account, answer, fakeCatchpoint, world } from '../../fakes/catchpoint.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { movableClock } from '../../fakes/time.ts';

async function opened(t: ExecutionContext, catchpoint: Partial<CatchpointConfig> = {}) {
  const clock = movableClock();
  const api = await fakeCatchpoint(t, { clock });
  const stateDir = await temporaryDirectory(t);
  const catchpointConfig: CatchpointConfig = {
    url: api.url,
    key: undefined,
    secret: undefined,
    apiKey: account.apiKey,
    nodesFile: undefined,
    refreshHours: 24,
    ...catchpoint,
  };
  const config = { catchpoint: catchpointConfig, stateDir } as Config;
  async function run(command: (options: NodesOptions) => Promise<number>, json: boolean) {
    let output = '';
    const running = command({
      config,
      clock,
      random: () => 0.5,
      log: silentLog(),
      signal: new AbortController().signal,
      write: (text) => void (output += text),
      json,
    });
    return { exitCode: await untilSettled(clock, running, 1000), output };
  }
  const list = (json = false) => run(listNodes, json);
  const show = (id: string, json = false) => run((options) => showNode({ ...options, id }), json);
  const refresh = (json = false, accept = false) => run((options) => refreshNodes({ ...options, accept }), json);
  return { api, clock, stateDir, list, show, refresh };
}

test('refresh fills the directory, list shows it', async (t) => {
  const { list, refresh } = await opened(t);
  const refreshed = await refresh();
  t.is(refreshed.exitCode, 0);
  t.regex(
    refreshed.output,
    /^Reading the nodes from http.*\n12 nodes: 12 new, 0 gone, 0 renamed, 0 in another AS, 0 at another ISP\n$/,
  );
  const { exitCode, output } = await list();
  t.is(exitCode, 0);
  const lines = output.split('\n');
  t.regex(lines[0] ?? '', /^ID +NAME +AS +CONTINENT +COUNTRY +REGION +CITY +ISP +TYPE +STATE$/);
  t.regex(
    lines[2] ?? '',
    /^2 +City1001, DE - Tail 2 +64501 +Europe +Germany +Region of City1001 +City1001 +Tail 2 +Backbone +active$/,
  );
  t.is(lines[13], '12 nodes, 10 of them active, as of 2026-11-18T10:00:00.000Z (just now)');
  t.is(lines.length, 15);
});

test('list and refresh print JSON', async (t) => {
  const { list, refresh } = await opened(t);
  t.deepEqual(JSON.parse((await refresh(true)).output), {
    added: 12,
    removed: 0,
    renamed: 0,
    movedAsn: 0,
    movedIsp: 0,
    total: 12,
    notes: [],
  });
  const listed = JSON.parse((await list(true)).output) as { nodes: unknown[] };
  t.like(listed, { refreshedAt: '2026-11-18T10:00:00.000Z' });
  t.is(listed.nodes.length, 12);
});

test('show prints a whole node', async (t) => {
  const { show, refresh } = await opened(t);
  await refresh();
  const { exitCode, output } = await show('2');
  t.is(exitCode, 0);
  t.is(
    output,
    [
      'Node:         2',
      'Name:         City1001, DE - Tail 2',
      'AS:           64501',
      'Continent:    Europe',
      'Country:      Germany',
      'Region:       Region of City1001',
      'City:         City1001',
      'ISP:          Tail 2',
      'Network type: Backbone',
      'Latitude:     -83.75',
      'Longitude:    -173.5',
      'IP ranges:    198.51.100.1',
      'State:        active',
      '',
    ].join('\n'),
  );
  t.like(JSON.parse((await show('2', true)).output), { id: 2, city: 'City1001' });
});

test('show ends with 1 for an unknown node', async (t) => {
  const { show, refresh } = await opened(t);
  await refresh();
  t.deepEqual(await show('99'), {
    exitCode: 1,
    output:
      'nodes: node 99 is not among the 12 nodes known as of 2026-11-18T10:00:00.000Z (just now); `nodes refresh` asks again\n',
  });
  const asJson = await show('99', true);
  t.is(asJson.exitCode, 1);
  t.regex((JSON.parse(asJson.output) as { error: string }).error, /^node 99 is not among/);
});

test('show ends with 64 for a text that is not an id', async (t) => {
  const { show } = await opened(t);
  t.deepEqual(await show('Jinan'), {
    exitCode: 64,
    output: 'nodes: expected the id of a node, a positive integer, found "Jinan"\n',
  });
});

test('list and show end with 1 before the first refresh', async (t) => {
  const { list, show } = await opened(t);
  for (const { exitCode, output } of [await list(), await show('1')]) {
    t.is(exitCode, 1);
    t.regex(output, /^nodes: no nodes are known yet in .*; `nodes refresh` asks Catchpoint for them\n$/);
  }
});

test('list reads the nodes file before the first refresh', async (t) => {
  const nodesFile = join(await temporaryDirectory(t), 'nodes.json');
  const { list, refresh } = await opened(t, { apiKey: undefined, nodesFile });
  t.is((await list()).exitCode, 69);
  await writeFile(nodesFile, '[{"id":5,"name":"5\\u001b[31m"}]');
  t.regex((await list()).output, /^5 +5\?\[31m/m);
  t.deepEqual(await refresh(), {
    exitCode: 0,
    output: '1 nodes: 1 new, 0 gone, 0 renamed, 0 in another AS, 0 at another ISP\n',
  });
});

test('a failed refresh prints the reason and keeps the directory', async (t) => {
  const { api, list, refresh } = await opened(t);
  await refresh();
  api.fail(answer(401, { errors: [{ message: 'Unauthorized' }], completed: false }), { path: /all/ });
  const { exitCode, output } = await refresh();
  t.is(exitCode, 69);
  t.regex(
    output,
    /\nnodes: GET \/api\/v2\/nodes\/all\?pageNumber=1&pageSize=100: answered 401 Unauthorized: Unauthorized\n$/,
  );
  t.is((await list()).exitCode, 0);
});

test('--accept takes an implausible listing', async (t) => {
  const { api, refresh } = await opened(t);
  await refresh();
  api.setNodes(world(3));
  const refused = await refresh();
  t.is(refused.exitCode, 1);
  t.regex(
    refused.output,
    /nodes: the listing of 3 nodes is not believed: of the 10 active nodes known it holds only 3; --accept takes it all the same/,
  );
  t.like(JSON.parse((await refresh(true, true)).output), { total: 3, removed: 9 });
});

test('refresh prints the values that are not filled in', async (t) => {
  const { api, refresh } = await opened(t);
  api.fail(answer(403, {}), { path: /nodelocations/ });
  const { exitCode, output } = await refresh();
  t.is(exitCode, 0);
  t.regex(output, /\nNot filled in: continents: nothing is filled in \(GET .*403 Forbidden/);
});

test('refresh ends with 64 without credentials', async (t) => {
  const { refresh } = await opened(t, { apiKey: undefined });
  t.like(await refresh(), {
    exitCode: 64,
    output: 'nodes: no source of nodes: give --api-key, or --key and --secret, or --nodes-file\n',
  });
});

test('refresh ends with 74 when the directory cannot be written', async (t) => {
  const nodesFile = join(await temporaryDirectory(t), 'nodes.json');
  await writeFile(nodesFile, '[{"id":5}]');
  const { refresh, stateDir } = await opened(t, { apiKey: undefined, nodesFile });
  await writeFile(join(stateDir, 'nodes'), 'a file where the directory should be');
  const { exitCode, output } = await refresh();
  t.is(exitCode, 74);
  t.regex(output, /^nodes: .*directory.json cannot be written: E/);
});
