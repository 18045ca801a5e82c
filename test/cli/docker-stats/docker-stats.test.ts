// `docker-stats` at work: with the flags and variables of docker-stats-to-backstop, against a simulated engine.

import test from 'ava';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { systemClock } from '../../../src/runtime/clock.ts';
import { openSimulatedEngine } from '../../../src/simulator/docker/simulated-engine.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { ran } from '../context.ts';

interface Item {
  readonly metric: string;
  readonly value: number;
  readonly measure_time: number;
}

interface Posted {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly items: readonly Item[];
}

test('it sends the original figures of renamed containers to Backstop until a signal', async (t) => {
  const directory = await temporaryDirectory(t);
  const engine = await openSimulatedEngine({
    clock: systemClock(),
    random: Math.random,
    containers: [{ name: 'web-1' }, { name: 'db-1' }],
    listen: join(directory, 'docker.sock'),
  });
  t.teardown(engine.close);
  const posts: Posted[] = [];
  const stop = new AbortController();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      posts.push({ path: request.url, headers: request.headers, items: JSON.parse(body) as Item[] });
      response.end('ok');
      const metrics = posts.flatMap(({ items }) => items.map(({ metric }) => metric));
      if (['web.1.uptime', 'db-1.uptime', 'host-1.containers.front'].every((name) => metrics.includes(name)))
        stop.abort();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { exitCode, out, err } = await ran(
    ['docker-stats', '-poll', '100ms', `-docker=${engine.url}`, '-admin-listen', '127.0.0.1:0', '-hostname=host-1'],
    {
      SRV_BACKSTOP: `http://user:hunter2@127.0.0.1:${port}/publish/docker`,
      SRV_RULES: '[{"regexp":"^web-(\\\\d+)$","into":"web.$1","category":"front"}]',
      STATE_DIRECTORY: directory,
      CATCHPOINT_BRIDGE_LOG_LEVEL: 'silent',
    },
    stop.signal,
  );
  t.is(exitCode, 0, err);
  t.is(out, '');
  const messages = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; stateDir?: string });
  t.is(messages.find(({ msg }) => msg === 'ready')?.stateDir, join(directory, 'docker-stats'));
  t.is(messages.at(-1)?.msg, 'stopped');
  t.notRegex(err, /hunter/);

  t.is(posts[0]?.path, '/publish/docker');
  t.is(posts[0]?.headers.authorization, `Basic ${Buffer.from('user:hunter2').toString('base64')}`);
  const metrics = [...new Set(posts.flatMap(({ items }) => items.map(({ metric }) => metric)))];
  t.deepEqual(metrics.filter((metric) => metric.startsWith('host-1.')).toSorted(), [
    'host-1.containers.front',
    'host-1.containers.total',
    'host-1.metrics.duration',
    'host-1.metrics.threads',
  ]);
  t.true(metrics.includes('web.1.cpu.total') && metrics.includes('db-1.memory.limit'));
  t.false(
    metrics.some((metric) => /cpu\.percent|pids|blkio/.test(metric)),
    'only the original figures',
  );
});

test('it starts without an engine', async (t) => {
  const directory = await temporaryDirectory(t);
  const argv = ['docker-stats', '--backstop=http://127.0.0.1:1/publish/x', `--docker=unix://${directory}/none.sock`];
  const { exitCode, err } = await ran([...argv, '--admin-listen=127.0.0.1:0', `--state-dir=${directory}`]);
  t.is(exitCode, 0, err);
  t.regex(err, /"msg":"ready"/);
});

test('wrong rules end the start, and the error names the flag or the variable', async (t) => {
  const argv = ['docker-stats', '--backstop=http://h/publish/x', '--state-dir=/nowhere'];
  const wrong = '[{"regexp":"(?=a)"}]';
  const byFlag = await ran([...argv, '-rules', wrong]);
  t.is(byFlag.exitCode, 64);
  t.regex(byFlag.err, /^error: --rules: rule 1: regexp: expected RE2 syntax, found "\(\?=a\)"/);
  const byVariable = await ran(argv, { SRV_RULES: '{}' });
  t.is(byVariable.exitCode, 78);
  t.regex(byVariable.err, /^error: SRV_RULES: expected a JSON array of .*, found an object\n$/);
});
