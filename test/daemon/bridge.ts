// A push of the golden data, and an OpenTSDB that receives its points.

import type { ExecutionContext } from 'ava';
import { readFileSync } from 'node:fs';
import { openTsd, type Tsd } from '../../src/simulator/tsd/tsd.ts';

const golden = new URL('../../../test/golden/', import.meta.url).pathname;

export const nodesFile = `${golden}nodes/v1.json`;
export const sample = readFileSync(`${golden}catchpoint/ns1-sample.json`, 'utf8');
export const samplePoints = readFileSync(`${golden}catchpoint/ns1-sample.points`, 'utf8');

export async function tsdOf(t: ExecutionContext): Promise<Tsd> {
  const tsd = await openTsd();
  t.teardown(tsd.close);
  return tsd;
}

export const post = (url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { connection: 'close', ...headers } });
