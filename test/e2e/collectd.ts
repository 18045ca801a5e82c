// A real collectd from Debian's packages. It reads this machine, posts with write_http, and writes the same values with
// its csv plugin.

import type { ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultDataSets } from '../../src/sources/backstop/collectd/data-sets.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { killedAfterTest } from './child.ts';
import { exists, tools, unpack } from './debian-packages.ts';

export interface CollectdOptions {
  /** Without the path. */
  readonly url: string;
  readonly format: 'JSON' | 'Command';
  readonly user?: string;
  readonly password?: string;
}

/** A value of the csv plugin. */
export interface CsvValue {
  readonly host: string;
  readonly plugin: string;
  readonly pluginInstance: string;
  readonly type: string;
  readonly typeInstance: string;
  /** The names of the list's data sources, such as `rx` and `tx`, and the index of this one. */
  readonly sources: readonly string[];
  readonly index: number;
  /** Seconds with three decimals. */
  readonly time: string;
  /** `%lf` for gauges, an integer for counters, or `nan`. */
  readonly value: string;
}

/** These need no library beside collectd's own. */
const plugins =
  'contextswitch cpu csv df interface irq load memory processes protocols swap tcpconns uptime users vmem write_http'.split(
    ' ',
  );
const host = 'web1.prod.eu.example.com';

/**
 * Runs collectd until its csv plugin has written `rounds` readings of the load, and stops it; collectd then posts what
 * it has buffered. Resolves with everything that the csv plugin wrote.
 */
export async function runCollectd(t: ExecutionContext, options: CollectdOptions, rounds: number): Promise<CsvValue[]> {
  await (located ??= locate());
  const folder = await temporaryDirectory(t);
  const csv = join(folder, 'csv');
  await mkdir(csv);
  await writeFile(join(folder, 'collectd.conf'), configuration(folder, csv, options));
  const child = spawn(join(tools, 'usr/sbin/collectd'), ['-f', '-C', join(folder, 'collectd.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { LD_LIBRARY_PATH: await libraries(), PATH: process.env['PATH'] },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => void (errors += chunk.toString()));
  const ended = killedAfterTest(t, child);
  while (child.exitCode === null && (await readings(csv)) < rounds)
    await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`collectd ended with ${code}: ${errors}`);
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

/** Reads files such as `web1/interface-lo/if_octets-2026-11-20`, whose first line has the names of the data sources. */
async function valuesOf(csv: string): Promise<CsvValue[]> {
  const files = (await readdir(csv, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const types = new Set(defaultDataSets().keys());
  const values = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const [, plugin = '', pluginInstance = ''] = /([^/-]+)(?:-([^/]*))?$/.exec(parentPath) ?? [];
      const [, type = '', typeInstance = ''] = /^([^-]+)(?:-(.*))?-\d{4}-\d{2}-\d{2}$/.exec(name) ?? [];
      if (!types.has(type)) throw new Error(`${parentPath}/${name}: not a type of collectd`);
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

let located: Promise<void> | undefined;

async function locate(): Promise<void> {
  const exist = await Promise.all([
    exists(join(tools, 'usr/sbin/collectd')),
    exists(join(await libraries(), 'libyajl.so.2')),
  ]);
  if (exist.every(Boolean)) return;
  try {
    await unpack(['collectd-core', 'libyajl2'], tools);
  } catch (error) {
    throw new Error(
      `the end-to-end tests need collectd, and Debian's packages could not be fetched (${(error as Error).message}). ` +
        'Leave the end-to-end tests out with BRIDGE_E2E=off npm test.',
      { cause: error },
    );
  }
}

/** Returns a path such as .tools/usr/lib/x86_64-linux-gnu. */
async function libraries(): Promise<string> {
  const folder = join(tools, 'usr/lib');
  const triplets = (await exists(folder)) ? (await readdir(folder)).filter((name) => name.includes('-linux-gnu')) : [];
  return join(folder, triplets[0] ?? 'x86_64-linux-gnu');
}
