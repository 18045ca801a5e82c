// The file of node overrides of a running bridge. It is checked every minute; an unusable file leaves the last good
// overrides in effect.

import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { schedule } from '../../../runtime/schedule.ts';
import type { NodeOverride, NodeOverrides } from './node-overrides.ts';

interface OverridesFile {
  readonly find: (nodeId: number) => NodeOverride | undefined;
  /** Reads the file at a path, or none. The returned function puts it into effect. @throws WrongOverrides */
  prepare(path: string | undefined): Promise<() => void>;
  /** Reloads the file when it changes, until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

export interface OverridesFileOptions {
  /** Undefined when there are no overrides. */
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const checkEveryMs = 60_000;

/** @throws WrongOverrides, also when the file cannot be read */
export async function readOverrides(path: string): Promise<NodeOverrides> {
  const { nodeOverridesOf, WrongOverrides } = await import('./node-overrides.ts');
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new WrongOverrides(`node-overrides: ${path}: cannot be read (${error.message})`);
  });
  return nodeOverridesOf(path, text);
}

interface LoadedOverrides {
  readonly path: string | undefined;
  readonly overrides: NodeOverrides;
  readonly version: string | undefined;
}

/** @throws WrongOverrides */
export async function openOverrides({ path: firstPath, clock, log }: OverridesFileOptions): Promise<OverridesFile> {
  let loaded = await load(firstPath);

  async function check(): Promise<void> {
    const { path, version } = loaded;
    if (path === undefined || (await versionOf(path)) === version) return;
    try {
      loaded = await load(path);
      log.info({ file: path, nodes: loaded.overrides.size }, 'node overrides read again');
    } catch (error) {
      loaded = { ...loaded, version: await versionOf(path) };
      const { message: reason } = error as Error;
      log.error({ file: path, reason }, 'node overrides cannot be used; those read before hold on');
    }
  }

  return {
    find: (nodeId) => loaded.overrides.get(nodeId),
    async prepare(path) {
      const next = await load(path);
      return () => void (loaded = next);
    },
    run: (signal) => schedule('look at the node overrides', check, { everyMs: checkEveryMs, clock, log, signal }),
  };
}

async function load(path: string | undefined): Promise<LoadedOverrides> {
  if (path === undefined) return { path, overrides: new Map(), version: undefined };
  const version = await versionOf(path);
  return { path, overrides: await readOverrides(path), version };
}

/** Differs after each change of the file. Undefined when there is no file. */
async function versionOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && [stats.mtimeMs, stats.size, stats.ino].join(' ');
}
