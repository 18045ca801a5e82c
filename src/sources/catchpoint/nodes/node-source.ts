// Where the nodes come from: a file, or Catchpoint's REST API in the version that the credentials are for.

import type { NodeListing, NodeSourceOptions } from './listing.ts';
import { readNodesFile } from './nodes-file.ts';

/**
 * The listing that the options ask for: the nodes file; else v2 when there is an API key, with ISP and region from v1
 * when there are key and secret as well; else v1. What asks the API is read in with the first question.
 *
 * @throws when there is neither
 */
export function nodeListing(options: NodeSourceOptions): NodeListing {
  const { nodesFile, apiKey, key, secret } = options;
  if (nodesFile !== undefined) return async () => ({ ...(await readNodesFile(nodesFile)), notes: [], trusted: true });
  if (apiKey === undefined && (key === undefined || secret === undefined)) {
    throw new Error('no source of nodes: give --api-key, or --key and --secret, or --nodes-file');
  }
  let listing: Promise<NodeListing> | undefined;
  return async (signal) => {
    const list = await (listing ??= import('./rest/listing.ts').then(({ restListing }) => restListing(options)));
    return list(signal);
  };
}
