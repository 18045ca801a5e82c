// Whether Catchpoint's REST APIs take the credentials, or the file of nodes can be read.

import type { Config } from '../../config/config.ts';
import type { PageCache } from '../../sources/catchpoint/nodes/rest/page-cache.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { restClient } from '../../sources/catchpoint/nodes/rest/client.ts';
import { RestFailure } from '../../sources/catchpoint/nodes/rest/failure.ts';
import { restV1 } from '../../sources/catchpoint/nodes/rest/v1.ts';
import { restV2 } from '../../sources/catchpoint/nodes/rest/v2.ts';
import { attempted, faulty, fine, type Finding, type ProbeContext } from './finding.ts';

const callTimeoutMs = 15_000;
const nodesFileFault = { code: 78, advice: 'give --nodes-file a file of nodes, in the shape of either API' } as const;

export async function catchpointProbe(
  { catchpoint, takesCatchpoint }: Config,
  { clock, random, signal }: ProbeContext,
): Promise<Finding[]> {
  if (!takesCatchpoint) return [];
  const { url, key, secret, apiKey, nodesFile } = catchpoint;
  if (nodesFile !== undefined) {
    return [
      await attempted(
        'nodes file',
        nodesFileFault,
        async () => `${nodesFile}: ${(await readNodesFile(nodesFile)).nodes.length} nodes`,
      ),
    ];
  }
  // Two or three calls, each made once; they need no budget, and the daemon's may belong to another user.
  const client = restClient({
    url,
    budget: { spend: async () => {} },
    clock,
    random,
    attempts: 1,
    timeoutMs: callTimeoutMs,
  });
  const findings: Promise<Finding>[] = [];
  if (apiKey !== undefined) {
    const v2 = restV2({ client, apiKey, pages: unkept });
    const known = async (): Promise<string> => `${(await v2.continents(signal)).length} continents`;
    findings.push(called('Catchpoint v2', async () => `${url}: the key is taken, ${await known()}`));
  }
  if (key !== undefined && secret !== undefined) {
    const v1 = restV1({ client, key, secret, pages: unkept, clock });
    const known = async (): Promise<string> => `${(await v1.nodes(signal)).entries.length} nodes`;
    findings.push(called('Catchpoint v1', async () => `${url}: key and secret are taken, ${await known()}`));
  }
  return Promise.all(findings);
}

const unkept: PageCache = { read: async () => undefined, write: async () => {}, clear: async () => {} };

/** What is refused for good is the credentials' fault, all else is for want of an answer. */
async function called(what: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return fine(what, await act());
  } catch (error) {
    const { message } = error as Error;
    const isRefused = error instanceof RestFailure && error.final && error.status !== 404;
    if (isRefused)
      return faulty(
        what,
        message,
        77,
        "make a new key in Catchpoint's portal (Settings › API), or authorise this machine's address there",
      );
    return faulty(
      what,
      message,
      69,
      'look at --catchpoint-url, at firewalls and proxies; the nodes that are known serve meanwhile',
    );
  }
}
