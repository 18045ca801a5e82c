// The built program between the fake Catchpoint and a real VictoriaMetrics: every point that a push should become is
// read back, and nothing else.

import test, { type ExecutionContext } from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { goldenCatchpoint } from './golden-catchpoint.ts';
import { type Bridge, bridge, untilStatus } from './program.ts';
import { asExported, type VictoriaMetrics, victoriaMetrics } from './victoria-metrics.ts';

const golden = new URL('../../../test/golden/catchpoint/', import.meta.url).pathname;
const nodesFile = new URL('../../../test/golden/nodes/v1.json', import.meta.url).pathname;
/** One at a time: each has a database and a bridge of its own on a machine that may be small. */
const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;

const payload = (name: string): Buffer => readFileSync(join(golden, `${name}.json`));
const putLines = (name: string): string[] =>
  readFileSync(join(golden, `${name}.points`), 'utf8')
    .trim()
    .split('\n');
const exported = (names: readonly string[]): string[] => names.flatMap(putLines).map(asExported).toSorted();

/** Every payload that has golden points under the usual options. */
const names = readdirSync(golden)
  .filter((file) => /^[^.]+\.points$/.test(file))
  .map((file) => file.replace('.points', ''));

/** Pushes golden payloads and waits until the sink has ruled on all their points. */
async function pushed(one: Bridge, pushes: readonly string[]): Promise<void> {
  await untilStatus(one, ({ nodes }) => nodes.known > 0);
  for (const name of pushes) await one.push(payload(name));
  await untilStatus(one, ({ sinks }) => sinks[0]?.backlog.points === 0);
}

const byNodesFile = async (t: ExecutionContext): Promise<string[]> => [
  '--nodes-file',
  nodesFile,
  '--state-dir',
  await temporaryDirectory(t),
];

const intoVictoria = ({ httpPutPort }: VictoriaMetrics): string[] => ['-t', '127.0.0.1', '-p', String(httpPutPort)];

for (const zone of ['UTC', 'America/New_York']) {
  e2e(
    `started as the original was, in ${zone}, the original's sample becomes its fourteen points at 1456448689`,
    async (t) => {
      const victoria = await victoriaMetrics(t);
      const args = [
        ...intoVictoria(victoria),
        '-k',
        'K',
        '-s',
        'S',
        '--catchpoint-url',
        (await goldenCatchpoint(t)).url,
      ];
      const one = await bridge(t, [...args, '--state-dir', await temporaryDirectory(t)], { TZ: zone });
      await pushed(one, ['ns1-sample']);
      const points = await victoria.points('s');
      t.deepEqual(points.toSorted(), exported(['ns1-sample']));
      t.is(points.filter((line) => line.split(' ')[1] === '1456448689').length, 14);
    },
  );
}

e2e('every golden payload arrives over HTTP as its golden points, and no point is invalid', async (t) => {
  const victoria = await victoriaMetrics(t);
  const one = await bridge(t, [...intoVictoria(victoria), ...(await byNodesFile(t))]);
  await pushed(one, names);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(names));
  t.is(await victoria.counter('vm_rows_invalid_total'), 0);
  t.is((await one.status()).parked, 1, 'the push from the unknown node waits for it');
});

e2e('the same pushes sent again change nothing', async (t) => {
  const victoria = await victoriaMetrics(t);
  const one = await bridge(t, [...intoVictoria(victoria), ...(await byNodesFile(t))]);
  await pushed(one, ['dns', 'web-error', 'ping']);
  await pushed(one, ['dns', 'web-error', 'ping']);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(['dns', 'web-error', 'ping']));
  t.like((await one.status()).pushes, { taken: 3, duplicate: 3 });
});

e2e('milliseconds arrive as milliseconds', async (t) => {
  const victoria = await victoriaMetrics(t);
  const one = await bridge(t, [...intoVictoria(victoria), ...(await byNodesFile(t)), '--resolution', 'ms']);
  await pushed(one, ['dns']);
  t.deepEqual((await victoria.points('ms')).toSorted(), exported(['dns.ms']));
});

e2e('the golden points arrive over telnet, too', async (t) => {
  const victoria = await victoriaMetrics(t);
  const telnet = ['-t', '127.0.0.1', '-p', String(victoria.telnetPutPort), '--put', 'telnet'];
  const one = await bridge(t, [...telnet, ...(await byNodesFile(t))]);
  await pushed(one, names);
  // Nobody says when the lines that were sent are read.
  while ((await victoria.points('s')).length < exported(names).length);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(names));
});

e2e('in file mode the golden points are in points.put, as tsdb import reads them', async (t) => {
  const args = await byNodesFile(t);
  const one = await bridge(t, [...args, '-f']);
  await pushed(one, ['dns', 'dns-error']);
  const lines = readFileSync(join(args[3] as string, 'points.put'), 'utf8').split('\n');
  t.deepEqual(lines, [...[...putLines('dns'), ...putLines('dns-error')].map((line) => line.replace(/^put /, '')), '']);
});

e2e('what was taken while the database was away is there after a kill -9 and a restart', async (t) => {
  const files = await byNodesFile(t);
  const away = await bridge(t, ['-t', '127.0.0.1', '-p', '1', ...files]);
  await untilStatus(away, ({ nodes }) => nodes.known > 0);
  t.deepEqual([await away.push(payload('dns')), await away.push(payload('web'))], [200, 200]);
  away.child.kill('SIGKILL');
  t.is(await away.ended, 'SIGKILL');
  const victoria = await victoriaMetrics(t);
  const back = await bridge(t, [...intoVictoria(victoria), ...files]);
  await untilStatus(back, ({ sinks }) => sinks[0]?.backlog.points === 0);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(['dns', 'web']));
});

e2e('SIGTERM ends it with exit code 0', async (t) => {
  const one = await bridge(t, ['-t', '127.0.0.1', '-p', '1', ...(await byNodesFile(t))]);
  one.child.kill('SIGTERM');
  t.is(await one.ended, 0);
});
