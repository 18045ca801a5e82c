// The nodes that are known where no bridge runs to refresh them: what one has kept, else what a nodes file holds.

import type { Log } from '../../../runtime/log.ts';
import { directoryFile } from './directory-file.ts';
import { type NodeDirectory, nodeDirectory } from './node.ts';
import { readNodesFile } from './nodes-file.ts';

/** @throws an error that names the nodes file and what is wrong with it */
export async function knownNodes(stateDir: string, nodesFile: string | undefined, log: Log): Promise<NodeDirectory> {
  const directory = nodeDirectory();
  const kept = await directoryFile({ stateDir, log }).read();
  if (kept !== undefined) directory.replace(kept.nodes, kept.refreshedAtMs);
  else if (nodesFile !== undefined) directory.replace((await readNodesFile(nodesFile)).nodes, 0);
  return directory;
}
