// Replaces the node directory, by a newer file or by a plausible listing.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { type DirectoryChanges, directoryChanges, withRetired } from './changes.ts';
import type { StoredDirectory } from './directory-file.ts';
import type { JsonFile } from './json-file.ts';
import type { Node, NodeDirectory } from './node.ts';
import type { Listing } from './listing.ts';
import { plausibility } from './plausibility.ts';

export interface DirectoryUpdatesOptions {
  readonly directory: NodeDirectory;
  readonly file: JsonFile<StoredDirectory>;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after each replacement. */
  readonly onRefreshed?: () => void;
}

export interface DirectoryUpdates {
  /** Reads the file. Resolves with true when it was newer than the directory in memory. A fault is logged. */
  loadNewer(): Promise<boolean>;
  /**
   * Replaces the directory in memory, then in its file. A failed write is logged.
   *
   * @param accept - takes an implausible listing, unless it is empty
   * @throws ImplausibleListing, and then nothing has changed
   */
  take(listing: Listing, accept: boolean): Promise<DirectoryChanges>;
  /** The error of the last write. Undefined when the directory is on disk. */
  fileFault(): string | undefined;
}

export class ImplausibleListing extends Error {
  override readonly name = 'ImplausibleListing';
}

export function directoryUpdates(options: DirectoryUpdatesOptions): DirectoryUpdates {
  const { directory, file, clock, log } = options;
  const plausible = plausibility();
  let readAtMs: number | undefined;
  let fileFault: string | undefined;

  function replace(nodes: readonly Node[], refreshedAtMs: number): void {
    directory.replace(nodes, refreshedAtMs);
    options.onRefreshed?.();
  }

  async function write(refreshedAtMs: number): Promise<void> {
    try {
      await file.write({ refreshedAtMs, nodes: directory.all() });
      readAtMs = await file.modifiedAtMs();
      fileFault = undefined;
    } catch (error) {
      fileFault = (error as Error).message;
      log.warn({ file: file.path, reason: fileFault }, 'the node directory cannot be written to its file');
    }
  }

  return {
    async loadNewer() {
      try {
        const modifiedAtMs = await file.modifiedAtMs();
        if (modifiedAtMs === undefined || modifiedAtMs === readAtMs) return false;
        const stored = await file.read();
        readAtMs = modifiedAtMs;
        if (stored === undefined || stored.refreshedAtMs <= (directory.refreshedAtMs() ?? -Infinity)) return false;
        replace(stored.nodes, stored.refreshedAtMs);
        const refreshed = new Date(stored.refreshedAtMs).toISOString();
        log.info({ nodes: stored.nodes.length, refreshed, file: file.path }, 'node directory read from its file');
        return true;
      } catch (error) {
        const { message: reason } = error as Error;
        log.warn({ file: file.path, reason }, 'the node directory cannot be read from its file');
        return false;
      }
    },
    async take(listing, accept) {
      const before = directory.all();
      const nowMs = clock.now();
      const doubt = plausible.doubt(listing, before, nowMs);
      if (doubt !== undefined && (listing.nodes.length === 0 || !(accept || listing.trusted))) {
        throw new ImplausibleListing(`the listing of ${listing.nodes.length} nodes is not believed: ${doubt}`);
      }
      const nodes = withRetired(listing.nodes, before, nowMs);
      const changes = directoryChanges(before, nodes);
      replace(nodes, nowMs);
      logRefresh(log, changes, listing);
      await write(nowMs);
      return changes;
    },
    fileFault: () => fileFault,
  };
}

function logRefresh(log: Log, changes: DirectoryChanges, { notes, skipped }: Listing): void {
  if (notes.length === 0) log.info({ ...changes, skipped }, 'node directory refreshed');
  else log.warn({ ...changes, skipped, notes }, 'node directory refreshed, but not all could be filled in');
}
