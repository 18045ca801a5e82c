// The alerts for Bosun, checked without it: their syntax, and every query at an OpenTSDB.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';

const text = readFileSync(new URL('../../../contrib/bosun/catchpoint.conf', import.meta.url), 'utf8');
const lines = text.split('\n').filter((line) => !line.startsWith('#'));
const queries = [...text.matchAll(/\b(?:q|band)\("([^"]*)"/g)].map(([, query = '']) => query.replace('$test', '12345'));

/** `agg:downsample:metric{grouping filters}{other filters}`, as in OpenTSDB's m= since 2.2. */
function asSubQuery(query: string): object {
  const [, aggregator, downsample, metric, grouping = '', others = ''] =
    /^(\w+):([\w-]+):([\w.]+)(?:\{([^}]*)\})?(?:\{([^}]*)\})?$/.exec(query) ?? [];
  const filters = (tags: string, groupBy: boolean): object[] =>
    tags === ''
      ? []
      : tags.split(',').map((tag) => {
          const [, tagk, type = 'wildcard', inner, plain] = /^(\w+)=(?:(\w+)\((.*)\)|(.*))$/.exec(tag) ?? [];
          return { tagk, type, filter: inner ?? plain, groupBy };
        });
  return { aggregator, downsample, metric, filters: [...filters(grouping, true), ...filters(others, false)] };
}

test('an OpenTSDB with all series accepts every query', async (t) => {
  const tsd = await openTsd();
  t.teardown(tsd.close);
  const lastS = 1_794_994_200;
  const golden = ['dns', 'dns-error'].flatMap((name) =>
    readFileSync(new URL(`../../../test/golden/catchpoint/${name}.points`, import.meta.url), 'utf8')
      .trim()
      .split('\n'),
  );
  for (const line of golden) {
    const [, metric = '', , value, ...tags] = line.split(' ');
    const body = {
      metric: metric.replace(/\.\d+$/, '.12345'),
      timestamp: lastS,
      value,
      tags: Object.fromEntries(tags.map((tag) => tag.split('='))),
    };
    t.is((await fetch(`${tsd.url}/api/put`, { method: 'POST', body: JSON.stringify(body) })).status, 204);
  }
  t.is(queries.length, 5);
  for (const query of queries) {
    const body = JSON.stringify({ start: lastS - 3600, end: lastS + 60, queries: [asSubQuery(query)] });
    const response = await fetch(`${tsd.url}/api/query`, { method: 'POST', body });
    const text = await response.text();
    t.is(response.status, 200, text.slice(0, 200));
    t.not(text, '[]', query);
  }
});

test('brackets and quotes are balanced, and every variable is set before its use', (t) => {
  const set = new Set<string>();
  let depth = 0;
  for (const line of lines) {
    const [, name, expression = line] = /^\s*(\$\w+) = (.*)$/.exec(line) ?? [];
    for (const [used] of expression.matchAll(/\$\w+/g)) t.true(set.has(used), `${used} in ${line}`);
    if (name !== undefined) set.add(name);
    t.is(line.split('(').length, line.split(')').length, line);
    t.is(line.split('"').length % 2, 1, line);
    depth += line.split('{').length - line.split('}').length;
    t.true(depth >= 0, line);
  }
  t.is(depth, 0);
});

test('each alert has an existing template and a description', (t) => {
  const alerts = text.split(/^alert /m).slice(1);
  t.deepEqual(
    alerts.map((alert) => alert.split(' ')[0]),
    ['catchpoint.error.rate', 'catchpoint.rtt.week', 'catchpoint.no.data'],
  );
  for (const alert of alerts) {
    const [, template] = /template = (\w+)/.exec(alert) ?? [];
    t.true(text.includes(`template ${template} {`));
    for (const key of ['$value', 'warn', 'crit']) t.true(alert.includes(`    ${key} = `), key);
  }
});
