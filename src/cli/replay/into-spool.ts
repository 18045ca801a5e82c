// Replays into the spool of a state directory that no daemon uses, on the same way that a push takes.

import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ProcessContext } from '../../daemon/process-context.ts';
import { defaultMaxBytes } from '../../spool/disk/default-max-bytes.ts';
import { openSinks } from '../../outlet/open-sinks.ts';
import { type Ownership, takeStateDirectory } from '../../daemon/state-directory-lock.ts';
import { knownNodes } from '../../sources/catchpoint/nodes/known-nodes.ts';
import type { Node, NodeDirectory } from '../../sources/catchpoint/nodes/node.ts';
import { deliverRun, type RunOptions } from '../../sources/catchpoint/push.ts';
import { type CardinalityGuard, cardinalityGuard } from '../../sources/catchpoint/cardinality/guard.ts';
import { type KnownNames, openKnownNames } from '../../sources/catchpoint/cardinality/known-names.ts';
import { openOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { runTagger } from '../../sources/catchpoint/run-tags.ts';
import { slicer } from '../../sources/catchpoint/slices.ts';
import { openSpool, type Spool } from '../../spool/spool.ts';
import { CannotReplay, type Destination } from './destination.ts';

const inFlight = 64;

/**
 * Takes the state directory and opens its spool; the bridge delivers what is put there when it runs again.
 *
 * @throws StateDirectoryTaken when a daemon uses it
 */
export async function intoSpool(config: Config, ambient: ProcessContext): Promise<Destination> {
  const { stateDir, metrics } = config;
  const { clock } = ambient;
  const directory = await knownNodes(stateDir, config.catchpoint.nodesFile, ambient.log);
  const overrides = await openOverrides({ path: config.catchpoint.nodeOverrides, clock, log: ambient.log });
  const ownership = await takeStateDirectory(stateDir, ambient.pid);
  const spool = await openedSpool(config, ambient, ownership);
  const known = await openKnownNames({ stateDir, log: ambient.log }).catch(async (error: Error) => {
    await spool.close();
    await ownership.release();
    throw error;
  });
  const options: RunOptions = {
    deliver: spool.append,
    slice: slicer(metrics, overrides.of),
    clock,
    directory,
    guard: stopping(config, known),
    missed: () => {},
  };
  return {
    words: `the spool in ${stateDir}`,
    inFlight,
    usualRate: undefined,
    takesJoined: true,
    async deliver({ measurement, body, node }) {
      try {
        return await deliverRun(
          measurement,
          body,
          node === undefined ? options : { ...options, directory: directoryOf(node) },
        );
      } catch (error) {
        if ((error as { readonly status?: number }).status !== 503) throw error;
        const words =
          'start the bridge and replay again: the replay then waits for room, and what is in the spool counts as duplicate';
        throw new CannotReplay(`${(error as Error).message}; ${words}`, 75);
      }
    },
    async close() {
      await known.settled();
      await spool.close();
      await ownership.release();
    },
  };
}

/** Somebody is there to be asked, and the files stay: rather than thousands of dead letters, the replay ends. */
function stopping({ cardinality: bounds, metrics }: Config, known: KnownNames): Pick<CardinalityGuard, 'refusal'> {
  const guard = cardinalityGuard({ bounds, known, tagsOfRun: runTagger(metrics), slices: metrics.slices });
  return {
    refusal(measurement, node) {
      const refusal = guard.refusal(measurement, node);
      if (refusal !== undefined)
        throw new CannotReplay(`${refusal}, then replay again: what is in the spool counts as duplicate`, 75);
      return undefined;
    },
  };
}

/** A spool in which the sink has its place, so that it begins with what is put there now. */
async function openedSpool(config: Config, ambient: ProcessContext, ownership: Ownership): Promise<Spool> {
  const { stateDir, spoolMaxBytes } = config;
  try {
    const directory = join(stateDir, 'spool');
    const maxBytes = spoolMaxBytes ?? (await defaultMaxBytes(directory));
    const spool = await openSpool({
      directory,
      maxBytes,
      dedupMaxBytes: config.dedupMaxBytes,
      clock: ambient.clock,
      log: ambient.log,
    });
    for (const { sink } of await openSinks(config, ambient)) {
      await spool.reader(sink.name);
      await sink.close();
    }
    return spool;
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

function directoryOf(node: Node): NodeDirectory {
  return { find: () => node, all: () => [node], refreshedAtMs: () => undefined, replace: () => {} };
}
