// What `check` tries: whether the state directory can be written, who answers as OpenTSDB, and whether Catchpoint's REST
// API takes the credentials. Nothing is stored anywhere by it.

import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { probeTsdb } from '../sinks/opentsdb/probe.ts';
import type { KeptPages } from '../sources/catchpoint/nodes/kept-pages.ts';
import { readNodesFile } from '../sources/catchpoint/nodes/nodes-file.ts';
import { restClient } from '../sources/catchpoint/nodes/rest-client.ts';
import { restV1 } from '../sources/catchpoint/nodes/rest-v1.ts';
import { restV2 } from '../sources/catchpoint/nodes/rest-v2.ts';
import type { Finding, Trial } from './check.ts';

export interface TrialAmbient {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Everything that a run of the bridge will need. */
export function trials(ambient: TrialAmbient): readonly Trial[] {
  return [stateDirTrial, (config) => tsdbTrial(config, ambient), (config) => catchpointTrial(config, ambient)];
}

async function stateDirTrial({ stateDir, archive }: Config): Promise<Finding[]> {
  const found = [await attempt('state directory', () => writable(stateDir))];
  return archive === undefined ? found : [...found, await attempt('archive', () => writable(archive.directory))];
}

/** The directory, or the nearest one above it that there is. */
async function writable(path: string, above = path): Promise<string> {
  try {
    if (!(await stat(above)).isDirectory()) throw new Error(`${above}: expected a directory, found something else`);
    await access(above, constants.W_OK | constants.X_OK);
    return above === path ? `${path} can be written` : `${path} can be made`;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(above) !== above;
    if (!isMissing) throw error;
    return writable(path, dirname(above));
  }
}

async function tsdbTrial({ tsdb, file }: Config, { clock, signal }: TrialAmbient): Promise<Finding[]> {
  if (file !== undefined) {
    return [await attempt('file', () => writable(dirname(file.path)).then(() => `${file.path}; OpenTSDB is not contacted`))];
  }
  const { urls, put, headers, caFile } = tsdb;
  return Promise.all(
    urls.map(async (url) => {
      const { ok, words, roundTripMs } = await probeTsdb({ url, clock, put, headers, caFile, signal });
      const { host, protocol, pathname } = new URL(url);
      const shown = put === 'telnet' ? host : `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
      return { what: 'OpenTSDB', ok, words: `${shown}: ${words}${ok ? `, answered in ${roundTripMs} ms` : ''}` };
    }),
  );
}

const callTimeoutMs = 15_000;

async function catchpointTrial({ catchpoint }: Config, { clock, random, signal }: TrialAmbient): Promise<Finding[]> {
  const { url, key, secret, apiKey, nodesFile } = catchpoint;
  if (nodesFile !== undefined) {
    return [await attempt('nodes file', async () => `${nodesFile}: ${(await readNodesFile(nodesFile)).nodes.length} nodes`)];
  }
  // Two or three calls, each made once; they need no budget, and the daemon's may belong to another user.
  const client = restClient({ url, budget: { spend: async () => {} }, clock, random, attempts: 1, timeoutMs: callTimeoutMs });
  const findings: Promise<Finding>[] = [];
  if (apiKey !== undefined) {
    const v2 = restV2({ client, apiKey, pages: unkept });
    const known = async (): Promise<string> => `${(await v2.continents(signal)).length} continents`;
    findings.push(attempt('Catchpoint v2', async () => `${url}: the key is taken, ${await known()}`));
  }
  if (key !== undefined && secret !== undefined) {
    const v1 = restV1({ client, key, secret, pages: unkept, clock });
    const known = async (): Promise<string> => `${(await v1.nodes(signal)).entries.length} nodes`;
    findings.push(attempt('Catchpoint v1', async () => `${url}: key and secret are taken, ${await known()}`));
  }
  return Promise.all(findings);
}

const unkept: KeptPages = { read: async () => undefined, write: async () => {}, clear: async () => {} };

async function attempt(what: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, words: await act() };
  } catch (error) {
    return { what, ok: false, words: (error as Error).message };
  }
}
