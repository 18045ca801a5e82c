// The node directory for commands that run without a bridge: the stored directory, else the nodes file.

import type { Log } from '../../../runtime/log.ts';
import { directoryFile } from './directory-file.ts';
import { type NodeDirectory, nodeDirectory } from './node.ts';
import { readNodesFile } from './nodes-file.ts';

/** @throws an error that names the nodes file and its fault */
export async function knownNodes(stateDir: string, nodesFile: string | undefined, log: Log): Promise<NodeDirectory> {
  const directory = nodeDirectory();
  const stored = await directoryFile({ stateDir, log }).read();
  if (stored !== undefined) directory.replace(stored.nodes, stored.refreshedAtMs);
  else if (nodesFile !== undefined) directory.replace((await readNodesFile(nodesFile)).nodes, 0);
  return directory;
}
