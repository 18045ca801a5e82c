// Backstop's golden vectors over HTTP, in both namings. Each compares the answer, the delivered points and their annotations, and the lines
// that Carbon and OpenTSDB receive. A vector in test/golden/backstop is a request with an outcome for each naming.

import test from 'ava';
import { readFileSync } from 'node:fs';
import { carbonLine } from '../../../src/sinks/graphite/line.ts';
import { naming as graphiteNames } from '../../../src/sinks/graphite/naming.ts';
import { withDefaultTag } from '../../../src/sinks/opentsdb/text/default-tag.ts';
import { renderLegal } from '../../../src/sinks/opentsdb/text/render.ts';
import type { Naming } from '../../../src/sources/backstop/items.ts';
import { backstopBench } from './bench.ts';

interface Outcome {
  readonly naming: Naming;
  readonly status: number;
  /** Accepted, rejected and skipped; undefined if the whole body was rejected. */
  readonly counts: readonly number[] | undefined;
  /** The error of a body that was rejected as a whole. */
  readonly error: string | undefined;
  /** `metric time value tag=value…` */
  readonly points: readonly string[];
  /** Expected members, by the index of the point. */
  readonly annotations: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
  readonly errors: readonly string[];
}

interface Vector {
  readonly title: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly prefix: string | undefined;
  readonly body: string;
  readonly outcomes: readonly Outcome[];
}

const folder = new URL('../../../../test/golden/backstop/', import.meta.url);
const common = '"host":"web1.prod.eu.example.com","time":1700000000.123';

function readVectors(name: string): Vector[] {
  const [, ...blocks] = readFileSync(new URL(`${name}.txt`, folder), 'utf8').split(/^= /m);
  return blocks.map((block) => {
    const [head = '', ...outcomes] = block.trimEnd().split(/^< /m);
    const [title = '', request = '', ...rest] = head.trimEnd().split('\n');
    const options = rest
      .filter((line) => line.startsWith(': '))
      .map((line) => line.slice(2).split(/ (.*)/) as [string, string]);
    const { prefix, ...headers } = Object.fromEntries(options);
    const body = rest
      .filter((line) => !line.startsWith(': '))
      .join('\n')
      .replaceAll('{*', `{${common}`);
    return { title, path: request.replace('> POST ', ''), headers, prefix, body, outcomes: outcomes.map(readOutcome) };
  });
}

function readOutcome(text: string): Outcome {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const [, naming, status, rest = ''] = /^(\w+) (\d+)(?: (.*))?$/.exec(head) ?? [];
  const points: string[] = [];
  const annotations = new Map<number, Readonly<Record<string, unknown>>>();
  const errors: string[] = [];
  for (const line of lines) {
    if (line.startsWith('@ '))
      annotations.set(points.length - 1, JSON.parse(line.slice(2)) as Readonly<Record<string, unknown>>);
    else if (line.startsWith('! ')) errors.push(line.slice(2));
    else if (line !== '')
      points.push(
        line.replace(/^H\./, 'mitt.web1-prod-eu.example.com.').replace(/ @( |$)/, ' host=web1.prod.eu.example.com$1'),
      );
  }
  const isCounted = /^[\d ]+$/.test(rest);
  return {
    naming: naming as Naming,
    status: Number(status),
    counts: isCounted ? rest.split(' ').map(Number) : undefined,
    error: isCounted ? undefined : rest,
    points,
    annotations,
    errors,
  };
}

/** Carbon's line for a golden point. Its tags are sorted by name. */
function asCarbonLine(point: string): string {
  const [metric, time, value, ...tags] = point.split(' ');
  return `${[metric, ...tags.toSorted()].join(';')} ${value} ${time}\n`;
}

/** OpenTSDB's import line for a golden point. */
function asImportLine(point: string): string {
  const [metric = '', ...rest] = point.split(' ');
  return rest.length > 2 ? point : [metric.replace(/[^A-Za-z0-9._/-]+/g, '_'), ...rest, 'source=bridge'].join(' ');
}

for (const { title, path, headers, prefix, body, outcomes } of ['collectd', 'publish', 'github', 'pagerduty'].flatMap(
  readVectors,
)) {
  for (const { naming, status, counts, error, points, annotations, errors } of outcomes) {
    test(`${title} (${naming})`, async (t) => {
      const { post, delivered, malformed } = await backstopBench(t, { naming, prefix });
      const response = await post(path, body, headers);
      const json = await response.json();
      t.is(response.status, status, JSON.stringify(json));
      if (error !== undefined) t.deepEqual(json, { error });
      else t.deepEqual(json, { accepted: counts?.[0], rejected: counts?.[1], skipped: counts?.[2], errors });
      const all = delivered.flatMap((delivery) => delivery.points);
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
      t.is(malformed.length, error !== undefined || errors.length > 0 ? 1 : 0, 'a rejected body is recorded');
    });
  }
}
