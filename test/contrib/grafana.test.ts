// The dashboards for OpenTSDB: /api/query accepts every query, which finds the series of the bridge.

import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { expanded } from '../../src/model/factored-points.ts';
import type { DataPoint } from '../../src/model/point.ts';
import { pushBody } from '../../src/simulator/runs/push-body.ts';
import { runOf } from '../../src/simulator/runs/run.ts';
import { simulatedTests } from '../../src/simulator/runs/tests.ts';
import { seeded } from '../../src/simulator/seeded.ts';
import { world } from '../../src/simulator/world/world.ts';
import { measurementOf } from '../../src/sources/catchpoint/measurement.ts';
import { dimensions, slicer } from '../../src/sources/catchpoint/slices.ts';
import { database, targetsOf } from './grafana-database.ts';
import type { Dashboard, Target } from './grafana-target.ts';

const folder = new URL('../../../contrib/grafana/', import.meta.url);
const files = readdirSync(new URL('dashboards/', folder)).filter((file) => file.endsWith('.json'));
const dashboards = files.map(
  (file) => JSON.parse(readFileSync(new URL(`dashboards/${file}`, folder), 'utf8')) as Dashboard,
);
const ofOpenTsdb = dashboards.filter(({ panels }) => panels.every(({ datasource }) => datasource.type === 'opentsdb'));
const ofTests = ofOpenTsdb.filter(({ uid }) => uid.startsWith('catchpoint-'));

const hour = { beginMs: Date.UTC(2026, 10, 18, 9), endMs: Date.UTC(2026, 10, 18, 10) };
/** The metrics of a test, without its id and the prefix. */
const slice = slicer({ prefix: 'catchpoint', resolution: 's', rtt: 'by-type', slices: dimensions });

/** Makes an hour of points of one test at many nodes, from the simulator's pushes. Every fifth run fails. */
function anHour(): DataPoint[] {
  const [one] = simulatedTests();
  if (one === undefined) throw new Error('the simulator has no tests');
  const random = seeded(5);
  const nodes = world({ count: 30 });
  return nodes.flatMap((node) =>
    Array.from({ length: 6 }, (_, at) => {
      const incidents = () => ({
        title: '',
        startMs: 0,
        endMs: Infinity,
        delayMs: 0,
        failingShare: 0.2,
        hits: () => true,
      });
      const run = runOf(one, node, hour.beginMs + at * 600_000 + (node.id % 300) * 1000, { random, incidents });
      const { name, asn, city, region, country, continent, isp } = node;
      const known = {
        id: node.id,
        name,
        active: true,
        city: city.name,
        country: country.name,
        continent: continent.name,
        isp: isp.name,
      };
      return expanded(
        slice(measurementOf(pushBody(run)), {
          ...known,
          ...(asn !== undefined && { asn }),
          ...(region !== undefined && { region: region.name }),
        }),
      );
    }).flat(),
  );
}

test('the dashboards are generated from their source, with stable uids', async (t) => {
  const { dashboards: made } = (await import(new URL('build.mjs', folder).href)) as {
    readonly dashboards: Readonly<Record<string, object>>;
  };
  t.deepEqual(Object.keys(made).toSorted(), files.toSorted());
  for (const file of files)
    t.deepEqual(
      JSON.parse(readFileSync(new URL(`dashboards/${file}`, folder), 'utf8')),
      JSON.parse(JSON.stringify(made[file])),
      file,
    );
  t.deepEqual(
    dashboards.map(({ uid }) => `${uid}.json`),
    files,
  );
  t.is(ofTests.length, 6);
  t.is(ofOpenTsdb.length, 7);
});

test('panels do not overlap, and have a title and a description', (t) => {
  for (const { panels, uid } of dashboards) {
    t.is(new Set(panels.map(({ id }) => id)).size, panels.length, uid);
    const places = (panels as unknown as { readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>> }[]).map(
      ({ gridPos }) => gridPos,
    );
    const cells = places.flatMap(({ x, y, w, h }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    t.is(new Set(cells).size, cells.length, uid);
    t.true(
      places.every(({ x, w }) => x + w <= 24),
      uid,
    );
    t.deepEqual(
      panels.filter(({ title, description }) => title === '' || description === '').map(({ title }) => title),
      [],
      uid,
    );
  }
});

test('every used variable is defined, and none needs meta tables', (t) => {
  for (const { uid, templating, panels } of ofOpenTsdb) {
    const names = templating.list.map(({ name }) => name);
    const text = JSON.stringify(
      panels.map(({ targets, datasource }) => [datasource, targets.map((target) => ({ ...target, alias: '' }))]),
    );
    const used = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    t.deepEqual(
      [...new Set(used)].filter((name) => !names.includes(name)),
      [],
      uid,
    );
    t.deepEqual(
      templating.list.filter(({ query }) => /tag_(names|values)\(/.test(String(query))),
      [],
      uid,
    );
  }
});

for (const one of ofTests) {
  test(`${one.uid}: every query is accepted, and finds a series for each value of its tag`, async (t) => {
    const { values, ask } = await database(t, anHour(), hour);
    const chosen = await values(one);
    t.regex(chosen['test'] ?? '', /^\d+$/);
    for (const target of targetsOf(one)) {
      const { status, series, text } = await ask(target, chosen);
      t.is(status, 200, text.slice(0, 300));
      const [, tag = ''] = /^\$tag_(\w+)$/.exec(target.alias) ?? [];
      const lines = series.map(({ tags }) => tags[tag]);
      t.true(lines.length >= 1 && lines.every((value) => value !== undefined), `${target.metric} by ${tag}: ${lines}`);
      t.is(new Set(lines).size, lines.length);
      t.true(series.every(({ dps }) => Object.keys(dps).length > 0 && Object.values(dps).every(Number.isFinite)));
    }
  });
}

test('counts and shares match the runs', async (t) => {
  const points = anHour();
  const { values, ask } = await database(t, points, hour);
  const [dashboard] = ofTests.filter(({ uid }) => uid === 'catchpoint-availability');
  const [first] = dashboard === undefined ? [] : targetsOf(dashboard);
  if (dashboard === undefined || first === undefined) return t.fail();
  const { series } = await ask(first, await values(dashboard));
  const shown = Object.fromEntries(
    series.map(({ tags, dps }) => [tags['status'], Object.values(dps).reduce((sum, count) => sum + count, 0)]),
  );
  const runs = points.filter(({ metric }) => metric.includes('.status.by_node.'));
  const failed = runs.filter(({ tags }) => tags['status'] === 'error').length;
  t.true(failed > 10);
  t.deepEqual(shown, { ok: runs.length - failed, error: failed });
});

test('a variable filters the series', async (t) => {
  const { values, ask } = await database(t, anHour(), hour);
  const [dashboard] = ofTests.filter(({ uid }) => uid === 'catchpoint-continents');
  const [first] = dashboard === undefined ? [] : targetsOf(dashboard);
  if (dashboard === undefined || first === undefined) return t.fail();
  const chosen = await values(dashboard);
  const lines = async (continent: string): Promise<string[]> =>
    (await ask(first, { ...chosen, continent })).series
      .map(({ tags }) => tags['continent'] ?? '')
      .toSorted((a, b) => (a < b ? -1 : 1));
  t.true((await lines('.*')).length > 3);
  t.deepEqual(await lines('America'), ['North_America', 'South_America']);
  t.deepEqual(await lines('^(Asia|Europe)$'), ['Asia', 'Europe']);
});

test('a query of an unknown name is rejected', async (t) => {
  const { values, ask } = await database(t, anHour(), hour);
  const dashboard = ofTests[0] as Dashboard;
  const target = targetsOf(dashboard)[0] as Target;
  const chosen = await values(dashboard);
  t.is((await ask({ ...target, metric: '$prefix.rtt.by_planet.$test' }, chosen)).status, 400);
  t.is((await ask({ ...target, downsampleAggregator: 'mean' }, chosen)).status, 400);
  t.is(
    (await ask({ ...target, filters: [{ tagk: 'planet', filter: '*', type: 'wildcard', groupBy: true }] }, chosen))
      .status,
    400,
  );
});
