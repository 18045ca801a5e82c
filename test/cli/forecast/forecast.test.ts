// `forecast` from numbers, from archived pushes and from the state directory, and its warnings.

import test, { type ExecutionContext } from 'ava';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { forecast, type ForecastFlags } from '../../../src/cli/forecast/forecast.ts';
import { forecastText } from '../../../src/cli/forecast/forecast-text.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { openKnownNames } from '../../../src/sources/catchpoint/cardinality/known-names.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { capturedOutput, configFrom, golden } from '../context.ts';

async function forecasted(
  t: ExecutionContext,
  given: Partial<ForecastFlags>,
  { flags = {}, files = [] as string[], lines = '' }: { flags?: Flags; files?: string[]; lines?: string } = {},
) {
  const { config } = configFrom({ stateDir: await temporaryDirectory(t), ...flags });
  const stderr = capturedOutput();
  const context = { stdin: () => Readable.from([Buffer.from(lines)]), stderr, stop: new AbortController().signal };
  const report = await forecast(config, { every: 5, errors: 3, extras: 40, ...given }, files, context);
  return { ...report, warned: stderr.text() };
}

const sum = (families: readonly { readonly series: number }[]): number =>
  families.reduce((total, { series }) => total + series, 0);

test('50 tests on 800 nodes every 5 minutes are 133 pushes a second with 14 points each', async (t) => {
  const { forecast: found, warnings } = await forecasted(t, { tests: 50, nodes: 800 });
  t.deepEqual(found.families, [
    { name: 'rtt', metrics: 350, series: 50 * 800 * 7 },
    { name: 'status', metrics: 350, series: 50 * 800 * 7 * 2 },
    { name: 'error', metrics: 50, series: 50 * 800 * 3 },
  ]);
  t.is(Math.round(found.runsPerSecond ?? 0), 133);
  t.is(Math.round((found.pointsPerSecond ?? 0) / (found.runsPerSecond ?? 1)), 14);
  t.deepEqual(
    [found.uids.metric, found.uids.tagk, found.tags, found.mostSeriesOfAMetric, warnings],
    [750, 9, 3, 2400, []],
  );
});

test('with the test as a tag there are fewer names, and one metric has the series of all tests', async (t) => {
  const { forecast: found, warnings } = await forecasted(
    t,
    { tests: 50, nodes: 800 },
    { flags: { testAsTag: true, testNameTag: true } },
  );
  t.deepEqual([found.uids.metric, found.uids.tagk, found.tags, found.mostSeriesOfAMetric], [15, 11, 5, 120_000]);
  t.is(sum(found.families), 50 * 800 * 24);
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? '', /^queries: 120000 series of one metric/);
});

test('warnings: more names than UIDs, more tests than the guard allows, tags over the budget, too many writes', async (t) => {
  const flags = { timings: true, testNameTag: true, labelTags: ['a,b,c,d,e'], slices: 'node,city' };
  const { warnings } = await forecasted(t, { tests: 200_000, nodes: 100, every: 1 }, { flags });
  t.deepEqual(
    warnings.map((words) => words.split(':')[0]),
    ['UIDs', 'cardinality', 'tags', 'writes'],
  );
  t.regex(warnings[0] ?? '', /^UIDs: 17000000 names of the kind metric, and OpenTSDB has 16777215/);
});

test('from archived pushes it counts series and rates', async (t) => {
  const directory = await temporaryDirectory(t);
  const push = JSON.parse(await readFile(`${golden}catchpoint/dns.json`, 'utf8')) as { Summary: object };
  const at = (timestamp: string): string =>
    JSON.stringify({ ...push, Summary: { ...push.Summary, Timestamp: timestamp } });
  const file = join(directory, 'pushes.ndjson');
  await writeFile(
    file,
    `${at('20261118093000000')}\n${at('20261118093500000')}\n{"no": "push"}\n${at('20261118094000000')}\n`,
  );
  const {
    forecast: found,
    isCounted,
    from,
    warned,
  } = await forecasted(t, {}, { files: [file], flags: { nodesFile: `${golden}nodes/v1.json` } });
  t.deepEqual([isCounted, from, warned], [true, '3 runs in 1 file', 'warning: 1 lines hold no push\n']);
  t.deepEqual(found.families, [
    { name: 'rtt', metrics: 7, series: 7 },
    { name: 'status', metrics: 7, series: 7 },
  ]);
  t.deepEqual(
    [
      found.tests,
      found.nodes,
      found.uids.metric,
      found.runsPerSecond,
      found.pointsPerSecond,
      found.busiestPointsPerSecond,
    ],
    [1, 1, 14, 3 / 600, 42 / 600, 14 / 60],
  );
});

test('without files it reads the configured archive, and - is standard input', async (t) => {
  const archive = await temporaryDirectory(t);
  await forecasted(t, { tests: 1, nodes: 1 }, { flags: { archive } });
  const line = JSON.stringify(JSON.parse(await readFile(`${golden}catchpoint/dns-error.json`, 'utf8')));
  await writeFile(join(archive, 'catchpoint-2026-11-18.ndjson.gz'), (await import('node:zlib')).gzipSync(`${line}\n`));
  for (const { forecast: found, warned } of [
    await forecasted(t, {}, { flags: { archive } }),
    await forecasted(t, {}, { files: ['-'], lines: `${line}\n` }),
  ]) {
    t.deepEqual([sum(found.families), found.runsPerSecond], [5, undefined]);
    t.regex(warned, /^warning: no nodes are known here/);
  }
});

test('without an archive it assumes every known test on every known node, and without those it is an error', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await mkdir(stateDir, { recursive: true });
  const flags = { stateDir, nodesFile: `${golden}nodes/v1.json` };
  await t.throwsAsync(forecasted(t, {}, { flags }), {
    message: `${stateDir}: no test has been seen yet; give --tests and --nodes, or archives of pushes`,
  });
  const known = await openKnownNames({ stateDir, log: silentLog() });
  known.learn([
    ['test', '1'],
    ['test', '2'],
    ['node', '99999'],
    ['node', '312'],
  ]);
  await known.settled();
  const { items } = JSON.parse(await readFile(`${golden}nodes/v1.json`, 'utf8')) as {
    items: { status: { id: number } }[];
  };
  const active = items.filter(({ status }) => status.id === 0).length;
  const { forecast: found } = await forecasted(t, {}, { flags });
  t.deepEqual([found.tests, found.nodes], [2, active + 1]);
  await t.throwsAsync(forecasted(t, { tests: 1 }), {
    message: 'expected --tests and --nodes together, found one of them',
  });
});

test('the text has a table, the names and the rate', async (t) => {
  const text = forecastText(await forecasted(t, { tests: 50, nodes: 800 }));
  for (const line of [
    'From 50 tests on 800 nodes, every 5 minutes; at most.',
    'status   350    560,000',
    'all      750    960,000',
    'points a second            1,867',
  ]) {
    t.true(
      text.split('\n').some((each) => each.trimEnd() === line),
      `${line}\n${text}`,
    );
  }
});
