// The built program between the fake Catchpoint and a real VictoriaMetrics, which receives exactly the golden points.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';
import { e2e } from './e2e.ts';
import { goldenCatchpoint } from './golden-catchpoint.ts';
import { goldenDirectory, goldenPush, goldenPuts } from './golden.ts';
import { type Bridge, bridge, nodesAndState, unreachableTsdb, untilDelivered, untilNodes } from './program.ts';
import { asExported, type VictoriaMetrics, victoriaMetrics } from './victoria-metrics.ts';

const putLines = (name: string): string[] => goldenPuts(`catchpoint/${name}`);
const exported = (names: readonly string[]): string[] => names.flatMap(putLines).map(asExported).toSorted();

/** Every payload that has golden points with the default options. */
const names = readdirSync(`${goldenDirectory}catchpoint`)
  .filter((file) => /^[^.]+\.points$/.test(file))
  .map((file) => file.replace('.points', ''));

async function pushAndDeliver(one: Bridge, pushes: readonly string[]): Promise<void> {
  await untilNodes(one);
  for (const name of pushes) await one.push(goldenPush(name));
  await untilDelivered(one);
}

const intoVictoria = ({ httpPutPort }: VictoriaMetrics): string[] => ['-t', '127.0.0.1', '-p', String(httpPutPort)];

for (const zone of ['UTC', 'America/New_York']) {
  e2e(`with the original's options, in ${zone}, its sample becomes fourteen points at 1456448689`, async (t) => {
    const victoria = await victoriaMetrics(t);
    const { url } = await goldenCatchpoint(t);
    const args = [...intoVictoria(victoria), '-k', 'K', '-s', 'S', '--catchpoint-url', url];
    const one = await bridge(t, [...args, '--state-dir', await temporaryDirectory(t)], { TZ: zone });
    await pushAndDeliver(one, ['ns1-sample']);
    const points = await victoria.points('s');
    t.deepEqual(points.toSorted(), exported(['ns1-sample']));
    t.is(points.filter((line) => line.split(' ')[1] === '1456448689').length, 14);
  });
}

e2e('every golden payload arrives over HTTP as its golden points, and no point is invalid', async (t) => {
  const victoria = await victoriaMetrics(t);
  const one = await bridge(t, [...intoVictoria(victoria), ...(await nodesAndState(t))]);
  await pushAndDeliver(one, names);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(names));
  t.is(await victoria.counter('vm_rows_invalid_total'), 0);
  t.is((await one.status()).parked, 1, 'the push from the unknown node is parked');
});

e2e('a repeated push changes nothing', async (t) => {
  const victoria = await victoriaMetrics(t);
  const one = await bridge(t, [...intoVictoria(victoria), ...(await nodesAndState(t))]);
  await pushAndDeliver(one, ['dns', 'web-error', 'ping']);
  await pushAndDeliver(one, ['dns', 'web-error', 'ping']);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(['dns', 'web-error', 'ping']));
  t.like((await one.status()).pushes, { taken: 3, duplicate: 3 });
});

e2e('milliseconds arrive as milliseconds', async (t) => {
  const victoria = await victoriaMetrics(t);
  const one = await bridge(t, [...intoVictoria(victoria), ...(await nodesAndState(t)), '--resolution', 'ms']);
  await pushAndDeliver(one, ['dns']);
  t.deepEqual((await victoria.points('ms')).toSorted(), exported(['dns.ms']));
});

e2e('the golden points arrive over telnet', async (t) => {
  const victoria = await victoriaMetrics(t);
  const telnet = ['-t', '127.0.0.1', '-p', String(victoria.telnetPutPort), '--put', 'telnet'];
  const one = await bridge(t, [...telnet, ...(await nodesAndState(t))]);
  await pushAndDeliver(one, names);
  // Telnet has no answer that says when the lines are read.
  while ((await victoria.points('s')).length < exported(names).length);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(names));
});

e2e('in file mode the golden points are in points.put, in the format of `tsdb import`', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const one = await bridge(t, [...(await nodesAndState(t, stateDir)), '-f']);
  await pushAndDeliver(one, ['dns', 'dns-error']);
  const lines = readFileSync(join(stateDir, 'points.put'), 'utf8').split('\n');
  t.deepEqual(lines, [...[...putLines('dns'), ...putLines('dns-error')].map((line) => line.replace(/^put /, '')), '']);
});

e2e('pushes accepted while the database is away survive a kill -9, and arrive after a restart', async (t) => {
  const options = await nodesAndState(t);
  const away = await bridge(t, [...unreachableTsdb, ...options]);
  await untilNodes(away);
  t.deepEqual([await away.push(goldenPush('dns')), await away.push(goldenPush('web'))], [200, 200]);
  away.child.kill('SIGKILL');
  t.is(await away.ended, 'SIGKILL');
  const victoria = await victoriaMetrics(t);
  const back = await bridge(t, [...intoVictoria(victoria), ...options]);
  await untilDelivered(back);
  t.deepEqual((await victoria.points('s')).toSorted(), exported(['dns', 'web']));
});

e2e('SIGTERM ends the program with exit code 0', async (t) => {
  const one = await bridge(t, [...unreachableTsdb, ...(await nodesAndState(t))]);
  t.is(await one.stop(), 0);
});
