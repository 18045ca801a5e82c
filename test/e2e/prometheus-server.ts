// A real Prometheus from Debian's package, which scrapes a bridge and is queried as Grafana does.

import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from '../fakes/directory.ts';
import { killedAfterTest } from './child.ts';
import { debianTool } from './debian-packages.ts';

const findBinary = debianTool({ package: 'prometheus', binary: 'prometheus', variable: 'PROMETHEUS' });

export interface QueryResult {
  /** Undefined for a valid query. */
  readonly error: string | undefined;
  /** Labels and last value. */
  readonly series: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface Prometheus {
  query(expression: string): Promise<QueryResult>;
}

interface ApiAnswer {
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** Starts one that scrapes the address ten times a second, and ends it after the test. */
export async function prometheus(t: ExecutionContext, scraped: string): Promise<Prometheus> {
  const directory = await temporaryDirectory(t);
  const { host } = new URL(scraped);
  const config = {
    scrape_configs: [
      { job_name: 'bridge', scrape_interval: '100ms', scrape_timeout: '100ms', static_configs: [{ targets: [host] }] },
    ],
  };
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const flags = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
  ];
  const child = spawn(await findBinary(), flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  void killedAfterTest(t, child);
  const url = await listeningAt(child.stderr);
  return {
    async query(expression) {
      const response = await fetch(`${url}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expression }),
      });
      const { error, data } = (await response.json()) as ApiAnswer;
      return { error, series: (data?.result ?? []).map(({ metric, value }) => ({ metric, value: Number(value[1]) })) };
    },
  };
}

/** Reads the address from its log, and waits until it is ready. */
async function listeningAt(log: NodeJS.ReadableStream): Promise<string> {
  const lines: string[] = [];
  let url: string | undefined;
  for await (const line of createInterface({ input: log })) {
    lines.push(line);
    const [, address] = /[Ll]istening on" address=(\S+)/.exec(line) ?? [];
    if (address !== undefined) url = `http://${address}`;
    if (url !== undefined && line.includes('ready to receive web requests')) {
      log.resume();
      return url;
    }
  }
  throw new Error(`prometheus has ended:\n${lines.join('\n')}`);
}
