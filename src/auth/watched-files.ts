// Files that are read again when they have changed, and not while they are being written.

import { stat } from 'node:fs/promises';

export interface WatchedFiles {
  /** Whether they are other than when they were last read, and were already so at the last look. */
  look(): Promise<boolean>;
  /** To be called before they are read. */
  aboutToRead(): Promise<void>;
}

export function watchedFiles(paths: readonly string[]): WatchedFiles {
  let read = '';
  let seen = '';
  return {
    async look() {
      const now = await signature(paths);
      const isSettled = now === seen;
      seen = now;
      return isSettled && now !== read;
    },
    async aboutToRead() {
      read = await signature(paths);
      seen = read;
    },
  };
}

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
