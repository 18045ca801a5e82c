// A real Prometheus that reads the metrics of a bridge, out of Debian's package, and is asked as Grafana asks it.

import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from '../fakes/directory.ts';
import { debianTool } from './debian-tool.ts';

/** Another one can be named in $PROMETHEUS. */
const findBinary = debianTool({ package: 'prometheus', binary: 'prometheus', variable: 'PROMETHEUS' });

export interface Answered {
  /** What it says is wrong with the query; undefined when it is taken. */
  readonly error: string | undefined;
  /** The labels of each series, and its last value. */
  readonly series: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface Prometheus {
  ask(expression: string): Promise<Answered>;
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

/** Starts one that scrapes the address every tenth of a second; it goes with its test. */
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
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const url = await listeningAt(child.stderr);
  return {
    async ask(expression) {
      const response = await fetch(`${url}/api/v1/query`, {
        method: 'POST',
        body: new URLSearchParams({ query: expression }),
      });
      const { error, data } = (await response.json()) as ApiAnswer;
      return { error, series: (data?.result ?? []).map(({ metric, value }) => ({ metric, value: Number(value[1]) })) };
    },
  };
}

/** It logs the address that port 0 has become, and when it is ready for requests. */
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
