// Checks the credentials of Catchpoint's REST APIs, or the nodes file.

import type { ConfigRead } from '../../config/config.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { restClient } from '../../sources/catchpoint/nodes/rest/client.ts';
import { RestFailure } from '../../sources/catchpoint/nodes/rest/failure.ts';
import type { PageCache } from '../../sources/catchpoint/nodes/rest/page-cache.ts';
import { restV1 } from '../../sources/catchpoint/nodes/rest/v1.ts';
import { restV2 } from '../../sources/catchpoint/nodes/rest/v2.ts';
import { type CheckContext, fault, type Finding, ok, okOrFault } from './finding.ts';

const timeoutMs = 15_000;
const unusableFile = { code: 78, advice: 'give --nodes-file a file of nodes, in the shape of either API' } as const;
/** Two or three calls need no budget, and the daemon's budget file may belong to another user. */
const noBudget = { spend: async () => {} };
const pages: PageCache = { read: async () => undefined, write: async () => {}, clear: async () => {} };

export async function catchpointCheck(
  { config: { catchpoint, takesCatchpoint } }: ConfigRead,
  { clock, random, signal }: CheckContext,
): Promise<Finding[]> {
  if (!takesCatchpoint) return [];
  const { url, key, secret, apiKey, nodesFile } = catchpoint;
  if (nodesFile !== undefined) {
    const read = async () => `${nodesFile}: ${(await readNodesFile(nodesFile)).nodes.length} nodes`;
    return [await okOrFault('nodes file', unusableFile, read)];
  }
  const client = restClient({ url, budget: noBudget, clock, random, attempts: 1, timeoutMs });
  const findings: Promise<Finding>[] = [];
  if (apiKey !== undefined) {
    const v2 = restV2({ client, apiKey, pages });
    const continents = async () => `the key is taken, ${(await v2.continents(signal)).length} continents`;
    findings.push(callApi('Catchpoint v2', url, continents));
  }
  if (key !== undefined && secret !== undefined) {
    const v1 = restV1({ client, key, secret, pages, clock });
    const nodes = async () => `key and secret are taken, ${(await v1.nodes(signal)).entries.length} nodes`;
    findings.push(callApi('Catchpoint v1', url, nodes));
  }
  return Promise.all(findings);
}

/** A final refusal is a fault of the credentials; any other failure means that the API is unavailable. */
async function callApi(what: string, url: string, call: () => Promise<string>): Promise<Finding> {
  try {
    return ok(what, `${url}: ${await call()}`);
  } catch (error) {
    const { message } = error as Error;
    const isRefused = error instanceof RestFailure && error.final && error.status !== 404;
    return isRefused
      ? fault(
          what,
          message,
          77,
          "make a new key in Catchpoint's portal (Settings › API), or authorise this machine's address there",
        )
      : fault(
          what,
          message,
          69,
          'look at --catchpoint-url, at firewalls and proxies; the nodes that are known serve meanwhile',
        );
  }
}
