// Loads files at start and reloads them when they change. After a failed reload the last good value stays in effect.

import { stat } from 'node:fs/promises';

export interface Reloadable {
  /** Reloads files that have changed, once two polls in a row find them the same: a file may be half written. */
  poll(): Promise<void>;
  reload(): Promise<void>;
  readonly counts: ReloadCounts;
}

export interface ReloadCounts {
  reloads: number;
  failures: number;
}

interface ReloadingFilesOptions<Value> {
  readonly paths: readonly string[];
  /** @throws an Error when a file cannot be used */
  readonly load: () => Promise<Value>;
  /** Called with each reloaded value. @throws an Error to keep the value before it */
  readonly apply: (value: Value) => void;
  readonly failed: (reason: string) => void;
  readonly counts?: ReloadCounts | undefined;
}

/** @throws what `load` throws at the start */
export async function reloadingFiles<Value>({
  paths,
  load,
  apply,
  failed,
  counts = { reloads: 0, failures: 0 },
}: ReloadingFilesOptions<Value>): Promise<Reloadable & { current(): Value }> {
  let loadedSignature = await signature(paths);
  let polledSignature = loadedSignature;
  let current = await load();

  async function reload(): Promise<void> {
    if (paths.length === 0) return;
    loadedSignature = await signature(paths);
    polledSignature = loadedSignature;
    try {
      const next = await load();
      apply(next);
      current = next;
      counts.reloads += 1;
    } catch (error) {
      counts.failures += 1;
      failed((error as Error).message);
    }
  }

  return {
    current: () => current,
    counts,
    reload,
    async poll() {
      const now = await signature(paths);
      const isStable = now === polledSignature;
      polledSignature = now;
      if (isStable && now !== loadedSignature) await reload();
    },
  };
}

/** Has the inode and change time: a file that is renamed into place may have the size and time of the old one. */
async function signature(paths: readonly string[]): Promise<string> {
  const signatures = await Promise.all(
    paths.map(async (path) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = await stat(path);
        return [ino, size, mtimeMs, ctimeMs].join(' ');
      } catch (error) {
        return String((error as NodeJS.ErrnoException).code);
      }
    }),
  );
  return signatures.join('\n');
}

/** Runs `work` on a file. @throws its error with exit code 78, with the setting and the path before the message */
export async function usingFile<Value>(
  setting: string,
  path: string,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw Object.assign(new Error(`${setting}: ${path}: ${(error as Error).message}`), { exitCode: 78 });
  }
}
