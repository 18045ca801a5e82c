// Replaces the node directory: from its file when that is newer, and by a listing that can be believed.

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
  /** Told after the directory was replaced, so that parked pushes can be sliced. */
  readonly onRefreshed?: (directory: NodeDirectory) => void;
}

export interface DirectoryUpdates {
  /** Takes what stands in the file, if that is newer than what is in memory; true when it was. A fault is logged. */
  loadNewer(): Promise<boolean>;
  /**
   * Replaces the directory in memory, then its file; one that cannot be written is logged.
   *
   * @throws ImplausibleListing, and then nothing has changed
   */
  take(listing: Listing, accept: boolean): Promise<DirectoryChanges>;
  /** Why the directory that was taken last is not on disk; undefined when it is. */
  fileFault(): string | undefined;
}

/** The listing was complete, but says too little to be believed. */
export class ImplausibleListing extends Error {
  override readonly name = 'ImplausibleListing';
}

export function directoryUpdates(options: DirectoryUpdatesOptions): DirectoryUpdates {
  const { directory, file, clock, log } = options;
  const plausible = plausibility();
  let fileSeenAtMs: number | undefined;
  let fileFault: string | undefined;

  function replace(nodes: readonly Node[], refreshedAtMs: number): void {
    directory.replace(nodes, refreshedAtMs);
    options.onRefreshed?.(directory);
  }

  async function write(refreshedAtMs: number): Promise<void> {
    try {
      await file.write({ refreshedAtMs, nodes: directory.all() });
      fileSeenAtMs = await file.modifiedAtMs();
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
        if (modifiedAtMs === undefined || modifiedAtMs === fileSeenAtMs) return false;
        const kept = await file.read();
        fileSeenAtMs = modifiedAtMs;
        if (kept === undefined || kept.refreshedAtMs <= (directory.refreshedAtMs() ?? -Infinity)) return false;
        replace(kept.nodes, kept.refreshedAtMs);
        log.info(
          { nodes: kept.nodes.length, refreshed: new Date(kept.refreshedAtMs).toISOString(), file: file.path },
          'node directory read from its file',
        );
        return true;
      } catch (error) {
        log.warn(
          { file: file.path, reason: (error as Error).message },
          'the node directory cannot be read from its file',
        );
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
      const { notes, skipped } = listing;
      if (notes.length === 0) log.info({ ...changes, skipped }, 'node directory refreshed');
      else log.warn({ ...changes, skipped, notes }, 'node directory refreshed, but not all could be filled in');
      await write(nowMs);
      return changes;
    },
    fileFault: () => fileFault,
  };
}
