// Every vector of Backstop's, in both namings: the request goes over HTTP, and what is answered and delivered is compared, and the lines that
// Carbon and OpenTSDB get of it.

import test from 'ava';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming as graphiteNames } from '../../../src/sinks/graphite/naming.ts';
import { renderLegal } from '../../../src/sinks/opentsdb/text/render.ts';
import { withDefaultTag } from '../../../src/sinks/opentsdb/text/default-tag.ts';
import { backstopBench } from './bench.ts';

/** Of a golden point, `metric time value tag=value…`: Carbon's line, in which tags stand by name. */
function asCarbonLine(point: string): string {
  const [metric, time, value, ...tags] = point.split(' ');
  return `${[metric, ...tags.toSorted()].join(';')} ${value} ${time}\n`;
}

/** The line that OpenTSDB imports. */
function asImportLine(point: string): string {
  const [metric = '', ...rest] = point.split(' ');
  return rest.length > 2 ? point : [metric.replace(/[^A-Za-z0-9._/-]+/g, '_'), ...rest, 'source=bridge'].join(' ');
}
import { readVectors } from './vectors.ts';

for (const { title, path, headers, prefix, body, outcomes } of ['collectd', 'publish', 'github', 'pagerduty'].flatMap(
  readVectors,
)) {
  for (const { naming, status, counts, error, points, annotations, errors } of outcomes) {
    test(`${title} (${naming})`, async (t) => {
      const { post, delivered, malformed } = await backstopBench(t, { naming, prefix });
      const answer = await post(path, body, headers);
      const said = await answer.json();
      t.is(answer.status, status, JSON.stringify(said));
      if (error !== undefined) t.deepEqual(said, { error });
      else t.deepEqual(said, { accepted: counts?.[0], rejected: counts?.[1], skipped: counts?.[2], errors });
      const all = delivered.flatMap((one) => one.points);
      t.deepEqual(
        all.map(({ metric, timestamp, value, tags }) =>
          [metric, timestamp, value, ...Object.entries(tags).map((tag) => tag.join('='))].join(' '),
        ),
        points,
      );
      const lines = all.map((point) => carbonLine(point, graphiteNames({ form: 'tagged' })));
      t.deepEqual(
        lines.map((line) => ('text' in line ? line.text : line.fault)),
        points.map(asCarbonLine),
      );
      const { legal, rejected } = renderLegal(all.map(withDefaultTag), 'import', 1024);
      t.deepEqual([legal.map(({ text }) => text), rejected], [points.map(asImportLine), []]);
      t.deepEqual(
        all.flatMap(({ annotation }, index) => (annotation === undefined ? [] : [index])),
        [...annotations.keys()],
      );
      for (const [index, expected] of annotations) t.like(all[index]?.annotation, expected);
      t.is(malformed.length, error !== undefined || errors.length > 0 ? 1 : 0, 'what is refused is shown');
    });
  }
}
