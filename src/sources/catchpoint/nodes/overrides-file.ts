// The file of overrides while the bridge runs: read at the start, again when it changes or when asked, the last good one kept.

import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { schedule } from '../../../runtime/schedule.ts';
import type { NodeOverride, NodeOverrides } from './node-overrides.ts';

export interface OverridesFile {
  readonly of: (nodeId: number) => NodeOverride | undefined;
  /** How many nodes it speaks of. */
  count(): number;
  /** Reads the file at another path, or none, and returns what puts it in its place. @throws WrongOverrides */
  prepare(path: string | undefined): Promise<() => void>;
  /** Reads it again. @throws WrongOverrides, and then the last good one holds on */
  reload(): Promise<void>;
  /** Looks every minute whether it has changed, until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

export interface OverridesFileOptions {
  /** Undefined: there are no overrides. */
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 60_000;

/** Reads the file at a path. @throws WrongOverrides, also where it cannot be read */
export async function readOverrides(path: string): Promise<NodeOverrides> {
  const { nodeOverridesOf, WrongOverrides } = await import('./node-overrides.ts');
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new WrongOverrides(`node-overrides: ${path}: cannot be read (${error.message})`);
  });
  return nodeOverridesOf(path, text);
}

interface Held {
  readonly path: string | undefined;
  readonly overrides: NodeOverrides;
  readonly marks: string | undefined;
}

/** @throws WrongOverrides when the file cannot be used now */
export async function openOverrides({ path: first, clock, log }: OverridesFileOptions): Promise<OverridesFile> {
  let held = await read(first);

  async function reload(): Promise<void> {
    held = await read(held.path);
    if (held.path !== undefined) log.info({ file: held.path, nodes: held.overrides.size }, 'node overrides read again');
  }

  async function look(): Promise<void> {
    const { path, marks } = held;
    if (path === undefined || (await marksOf(path)) === marks) return;
    await reload().catch(async (error: Error) => {
      held = { ...held, marks: await marksOf(path) };
      log.error({ file: path, reason: error.message }, 'node overrides cannot be used; those read before hold on');
    });
  }

  return {
    of: (nodeId) => held.overrides.get(nodeId),
    count: () => held.overrides.size,
    reload,
    async prepare(path) {
      const next = await read(path);
      return () => void (held = next);
    },
    run: (signal) => schedule('look at the node overrides', look, { everyMs: lookEveryMs, clock, log, signal }),
  };
}

async function read(path: string | undefined): Promise<Held> {
  if (path === undefined) return { path, overrides: new Map(), marks: undefined };
  const marks = await marksOf(path);
  return { path, overrides: await readOverrides(path), marks };
}

/** What changes when the file does; undefined when it is not there. */
async function marksOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && [stats.mtimeMs, stats.size, stats.ino].join(' ');
}
