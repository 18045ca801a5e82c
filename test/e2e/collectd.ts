// A real collectd for the end-to-end tests, out of Debian's packages: it reads this machine, posts by write_http, and writes the same
// values to files by its csv plugin.

import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultDataSets } from '../../src/sources/backstop/collectd/data-sets.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { exists, tools, unpack } from './debian-packages.ts';

export interface CollectdOptions {
  /** Where write_http posts, without the path. */
  readonly url: string;
  readonly format: 'JSON' | 'Command';
  readonly user?: string;
  readonly password?: string;
}

/** A value as the csv plugin wrote it. */
export interface CsvValue {
  readonly host: string;
  readonly plugin: string;
  readonly pluginInstance: string;
  readonly type: string;
  readonly typeInstance: string;
  /** The names of the list's data sources, such as `rx` and `tx`, and which of them this is. */
  readonly sources: readonly string[];
  readonly index: number;
  /** Seconds with three decimals. */
  readonly time: string;
  /** `%lf` for gauges, an integer for counters; `nan` where it is not known. */
  readonly value: string;
}

/** Those that need no library beside collectd's own. */
const plugins =
  'contextswitch cpu csv df interface irq load memory processes protocols swap tcpconns uptime users vmem write_http'.split(
    ' ',
  );
const host = 'web1.prod.eu.example.com';

/**
 * Runs collectd until its csv plugin has written `rounds` readings of the load, and stops it: what it has buffered is posted then.
 * Resolves with everything that the csv plugin wrote.
 */
export async function runCollectd(t: ExecutionContext, options: CollectdOptions, rounds: number): Promise<CsvValue[]> {
  await findCollectd();
  const folder = await temporaryDirectory(t);
  const csv = join(folder, 'csv');
  await mkdir(csv);
  await writeFile(join(folder, 'collectd.conf'), configuration(folder, csv, options));
  const child = spawn(join(tools, 'usr/sbin/collectd'), ['-f', '-C', join(folder, 'collectd.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { LD_LIBRARY_PATH: await libraries(), PATH: process.env['PATH'] },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  while (child.exitCode === null && (await readings(csv)) < rounds)
    await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`collectd ended with ${code}: ${said}`);
  return valuesOf(csv);
}

function configuration(folder: string, csv: string, { url, format, user, password }: CollectdOptions): string {
  return `
Hostname "${host}"
FQDNLookup false
Interval 2
BaseDir "${folder}"
PIDFile "${folder}/collectd.pid"
PluginDir "${tools}usr/lib/collectd"
TypesDB "${tools}usr/share/collectd/types.db"
${plugins.map((name) => `LoadPlugin ${name}`).join('\n')}
<Plugin csv>
  DataDir "${csv}"
  StoreRates false
</Plugin>
<Plugin processes>
  Process "collectd"
</Plugin>
<Plugin tcpconns>
  AllPortsSummary true
</Plugin>
<Plugin write_http>
  <Node "bridge">
    URL "${url}/collectd"
    Format "${format}"
    StoreRates false
    LogHttpError true
    ${user === undefined ? '' : `User "${user}"\n    Password "${password ?? ''}"`}
  </Node>
</Plugin>
`;
}

async function readings(csv: string): Promise<number> {
  const folder = join(csv, host, 'load');
  if (!(await exists(folder))) return 0;
  const [file] = await readdir(folder);
  return file === undefined ? 0 : (await readFile(join(folder, file), 'utf8')).split('\n').length - 2;
}

/** Files such as `web1/interface-lo/if_octets-2026-11-20`, with the names of the data sources as their first line. */
async function valuesOf(csv: string): Promise<CsvValue[]> {
  const files = (await readdir(csv, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const types = new Set(defaultDataSets().keys());
  const values = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const [, plugin = '', pluginInstance = ''] = /([^/-]+)(?:-([^/]*))?$/.exec(parentPath) ?? [];
      const [, type = '', typeInstance = ''] = /^([^-]+)(?:-(.*))?-\d{4}-\d{2}-\d{2}$/.exec(name) ?? [];
      if (!types.has(type)) throw new Error(`${parentPath}/${name}: no type of collectd's`);
      const [head = '', ...rows] = (await readFile(join(parentPath, name), 'utf8')).trimEnd().split('\n');
      const [, ...sources] = head.split(',');
      return rows.flatMap((row) => {
        const [time = '', ...columns] = row.split(',');
        return columns.map((value, index) => ({
          host,
          plugin,
          pluginInstance,
          type,
          typeInstance,
          sources,
          index,
          time,
          value,
        }));
      });
    }),
  );
  return values.flat();
}

let found: Promise<void> | undefined;

function findCollectd(): Promise<void> {
  return (found ??= locate());
}

async function locate(): Promise<void> {
  const isThere = await Promise.all([
    exists(join(tools, 'usr/sbin/collectd')),
    exists(join(await libraries(), 'libyajl.so.2')),
  ]);
  if (isThere.every(Boolean)) return;
  try {
    await unpack(['collectd-core', 'libyajl2']);
  } catch (error) {
    throw new Error(
      `the end-to-end tests need collectd, and Debian's packages could not be fetched (${(error as Error).message}). ` +
        'Leave the end-to-end tests out with BRIDGE_E2E=off npm test.',
      { cause: error },
    );
  }
}

/** Such as .tools/usr/lib/x86_64-linux-gnu */
async function libraries(): Promise<string> {
  const folder = join(tools, 'usr/lib');
  const triplets = (await exists(folder)) ? (await readdir(folder)).filter((name) => name.includes('-linux-gnu')) : [];
  return join(folder, triplets[0] ?? 'x86_64-linux-gnu');
}
