// A database for the queries of the dashboards, asked as Grafana's OpenTSDB data source asks.

import type { ExecutionContext } from 'ava';
import { gzipSync } from 'node:zlib';
import type { DataPoint } from '../../src/model/point.ts';
import { openTsd } from '../../src/simulator/tsd/tsd.ts';
import { asSubQuery, type Dashboard, filledIn, type Target, type Values } from './grafana-target.ts';

export const targetsOf = ({ panels }: Dashboard): Target[] => panels.flatMap(({ targets }) => targets);

interface Answered {
  readonly status: number;
  readonly series: readonly {
    readonly metric: string;
    readonly tags: Values;
    readonly dps: Readonly<Record<string, number>>;
  }[];
  readonly text: string;
}

export interface Database {
  /** The initial values of the variables. */
  values(dashboard: Dashboard): Promise<Values>;
  ask(target: Target, values: Values): Promise<Answered>;
}

/** A simulated OpenTSDB with the points, queried as Grafana does. Times are ms since 1970 UTC. */
export async function database(
  t: ExecutionContext,
  points: readonly DataPoint[],
  { beginMs, endMs }: { readonly beginMs: number; readonly endMs: number },
): Promise<Database> {
  const tsd = await openTsd();
  t.teardown(tsd.close);
  const puts = points.map(({ metric, timestamp, value, tags }) => ({ metric, timestamp, value, tags }));
  for (let at = 0; at < puts.length; at += 200) {
    const body = gzipSync(JSON.stringify(puts.slice(at, at + 200)));
    const { status } = await fetch(`${tsd.url}/api/put`, {
      method: 'POST',
      body,
      headers: { 'content-encoding': 'gzip' },
    });
    if (status !== 204) throw new Error(`put was answered ${status}`);
  }
  return {
    async values({ templating: { list } }) {
      const values: Record<string, string> = {};
      for (const { name, type, query, regex = '', current } of list) {
        values[name] =
          type === 'query'
            ? await firstMetric(tsd.url, filledIn(String(query), values), regex)
            : (current.value ?? 'chosen');
      }
      return values;
    },
    async ask(target, values) {
      const body = {
        start: beginMs,
        end: endMs,
        queries: [asSubQuery(target, values)],
        msResolution: false,
        globalAnnotations: true,
        showQuery: true,
      };
      const response = await fetch(`${tsd.url}/api/query`, { method: 'POST', body: JSON.stringify(body) });
      const text = await response.text();
      return {
        status: response.status,
        text,
        series: response.status === 200 ? (JSON.parse(text) as Answered['series']) : [],
      };
    },
  };
}

/** `metrics(prefix)` uses /api/suggest, which needs no meta tables; the expression selects a part of each name. */
async function firstMetric(url: string, query: string, regex: string): Promise<string> {
  const [, prefix = ''] = /^metrics\((.*)\)$/.exec(query) ?? [];
  const [, expression = ''] = /^\/(.*)\/$/.exec(regex) ?? [];
  const names = (await (await fetch(`${url}/api/suggest?type=metrics&q=${prefix}&max=10000`)).json()) as string[];
  return (
    names.map((name) => new RegExp(expression).exec(name)?.[1]).find((found) => found !== undefined) ?? 'none found'
  );
}
