// Chooses the source of the node listing: a file, or Catchpoint's REST API in the version that the credentials are for.

import type { NodeListing, NodeSourceOptions } from './listing.ts';
import { readNodesFile } from './nodes-file.ts';

/**
 * The nodes file comes first. An API key selects v2, to which v1 adds ISP and region when there are key and secret.
 * Key and secret alone select v1. The API's client is imported by the first listing.
 *
 * @throws when the options have neither a file nor credentials
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
