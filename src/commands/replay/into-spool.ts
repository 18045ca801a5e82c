// Replays into the spool of a state directory that no daemon uses, on the same way that a push takes.

import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { type Ambient, openSink, usualMaxBytes } from '../../daemon.ts';
import { type Ownership, takeStateDirectory } from '../../owner.ts';
import { directoryFile } from '../../sources/catchpoint/nodes/directory-file.ts';
import { type Node, type NodeDirectory, nodeDirectory } from '../../sources/catchpoint/nodes/node.ts';
import { readNodesFile } from '../../sources/catchpoint/nodes/nodes-file.ts';
import { deliverRun, type RunOptions } from '../../sources/catchpoint/push.ts';
import { slicer } from '../../sources/catchpoint/slices.ts';
import { openSpool, type Spool } from '../../spool/spool.ts';
import { CannotReplay, type Destination } from './destination.ts';

const inFlight = 64;

/**
 * Takes the state directory and opens its spool; the bridge delivers what is put there when it runs again.
 *
 * @throws StateDirectoryTaken when a daemon uses it
 */
export async function intoSpool(config: Config, ambient: Ambient): Promise<Destination> {
  const { stateDir, metrics } = config;
  const { clock } = ambient;
  const directory = await knownNodes(config, ambient);
  const ownership = await takeStateDirectory(stateDir, ambient.pid);
  const spool = await openedSpool(config, ambient, ownership);
  const options: RunOptions = {
    ...{ deliver: spool.append, slice: slicer(metrics), clock, directory },
    missed: () => {},
  };
  return {
    words: `the spool in ${stateDir}`,
    inFlight,
    usualRate: undefined,
    takesJoined: true,
    async deliver({ measurement, body, node }) {
      try {
        return await deliverRun(measurement, body, node === undefined ? options : { ...options, directory: directoryOf(node) });
      } catch (error) {
        if ((error as { readonly status?: number }).status !== 503) throw error;
        const words = 'start the bridge and replay again: the replay then waits for room, and what is in the spool counts as duplicate';
        throw new CannotReplay(`${(error as Error).message}; ${words}`, 75);
      }
    },
    async close() {
      await spool.close();
      await ownership.release();
    },
  };
}

/** A spool in which the sink has its place, so that it begins with what is put there now. */
async function openedSpool(config: Config, ambient: Ambient, ownership: Ownership): Promise<Spool> {
  const { stateDir, spoolMaxBytes } = config;
  try {
    const directory = join(stateDir, 'spool');
    const maxBytes = spoolMaxBytes ?? (await usualMaxBytes(directory));
    const spool = await openSpool({ directory, maxBytes, clock: ambient.clock });
    const sink = openSink(config, ambient);
    await spool.reader(sink.name);
    await sink.close();
    return spool;
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

/** What the daemon has kept; before its first refresh, what a nodes file holds. */
async function knownNodes({ stateDir, catchpoint }: Config, { clock, log }: Ambient): Promise<NodeDirectory> {
  const directory = nodeDirectory();
  const kept = await directoryFile({ stateDir, log }).read();
  if (kept !== undefined) directory.replace(kept.nodes, kept.refreshedAtMs);
  else if (catchpoint.nodesFile !== undefined) directory.replace((await readNodesFile(catchpoint.nodesFile)).nodes, clock.now());
  return directory;
}

function directoryOf(node: Node): NodeDirectory {
  return { find: () => node, all: () => [node], refreshedAtMs: () => undefined, replace: () => {} };
}
