// Replays into the spool of a state directory that no daemon uses. Runs take the same code path as pushes.

import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { ProcessContext } from '../../daemon/process-context.ts';
import { type StateDirectoryLock, takeStateDirectory } from '../../daemon/state-directory-lock.ts';
import { openSinks } from '../../outlet/open-sinks.ts';
import { type CardinalityGuard, cardinalityGuard } from '../../sources/catchpoint/cardinality/guard.ts';
import { type KnownNames, openKnownNames } from '../../sources/catchpoint/cardinality/known-names.ts';
import { knownNodes } from '../../sources/catchpoint/nodes/known-nodes.ts';
import type { Node, NodeDirectory } from '../../sources/catchpoint/nodes/node.ts';
import { openOverrides } from '../../sources/catchpoint/nodes/overrides-file.ts';
import { deliverRun, type RunOptions } from '../../sources/catchpoint/push.ts';
import { runTagger } from '../../sources/catchpoint/run-tags.ts';
import { slicer } from '../../sources/catchpoint/slices.ts';
import { defaultMaxBytes } from '../../spool/disk/default-max-bytes.ts';
import { openSpool, type Spool } from '../../spool/spool.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Destination } from './destination.ts';

const maxInFlight = 64;

/**
 * Takes the state directory and opens its spool, which a later bridge delivers.
 *
 * @throws StateDirectoryTaken while a daemon uses it
 */
export async function intoSpool(config: Config, context: ProcessContext): Promise<Destination> {
  const { stateDir, metrics, catchpoint } = config;
  const { clock, log, pid } = context;
  const directory = await knownNodes(stateDir, catchpoint.nodesFile, log);
  const overrides = await openOverrides({ path: catchpoint.nodeOverrides, clock, log });
  const ownership = await takeStateDirectory(stateDir, pid);
  const spool = await openSpoolWithReaders(config, context, ownership);
  const known = await openKnownNames({ stateDir, log }).catch(async (error: Error) => {
    await spool.close();
    await ownership.release();
    throw error;
  });
  const options: RunOptions = {
    deliver: spool.append,
    slice: slicer(metrics, overrides.find),
    clock,
    directory,
    guard: stoppingGuard(config, known),
    missed: () => {},
  };
  return {
    description: `the spool in ${stateDir}`,
    maxInFlight,
    defaultRate: undefined,
    acceptsJoined: true,
    async deliver({ measurement, body, node }) {
      const withNode = node === undefined ? options : { ...options, directory: directoryOf(node) };
      try {
        return await deliverRun(measurement, body, withNode);
      } catch (error) {
        if ((error as { readonly status?: number }).status !== 503) throw error;
        const advice =
          'start the bridge and replay again: the replay then waits for room, and what is in the spool counts as duplicate';
        throw new CommandError(`${(error as Error).message}; ${advice}`, exitCodes.temporaryFailure);
      }
    },
    async close() {
      await known.flush();
      await spool.close();
      await ownership.release();
    },
  };
}

/** Ends the replay in place of thousands of dead letters: its user can raise the limit and replay the files again. */
function stoppingGuard({ cardinality, metrics }: Config, known: KnownNames): Pick<CardinalityGuard, 'refusal'> {
  const guard = cardinalityGuard({ bounds: cardinality, known, tagsOfRun: runTagger(metrics), slices: metrics.slices });
  return {
    refusal(measurement, node) {
      const refusal = guard.refusal(measurement, node);
      if (refusal === undefined) return undefined;
      throw new CommandError(
        `${refusal}, then replay again: what is in the spool counts as duplicate`,
        exitCodes.temporaryFailure,
      );
    },
  };
}

/** Gives each configured sink a position, so that it will deliver the replayed points. */
async function openSpoolWithReaders(
  config: Config,
  context: ProcessContext,
  ownership: StateDirectoryLock,
): Promise<Spool> {
  const { stateDir, spoolMaxBytes, dedupMaxBytes } = config;
  const { clock, log } = context;
  try {
    const directory = join(stateDir, 'spool');
    const maxBytes = spoolMaxBytes ?? (await defaultMaxBytes(directory));
    const spool = await openSpool({ directory, maxBytes, dedupMaxBytes, clock, log });
    for (const { sink } of await openSinks(config, context)) {
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
