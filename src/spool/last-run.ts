// How the runs before this one ended, in a file of the state directory: what decides whether the store is verified before
// it is opened. A process that is killed is no cause, one that is killed again and again as soon as it has started is.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface LastRun {
  /** Whether there was one. */
  readonly wasThere: boolean;
  /** Why the store should be verified, in words; undefined: there is no cause. */
  readonly cause: string | undefined;
  /** To be called when it has been, or has been replaced: the cause is gone. */
  verified(found: 'sound' | 'damaged'): void;
  /** To be called when this run has gone on for a while. */
  settled(): void;
  /** To be called when it ends as it should. */
  stopped(): void;
  /** To be called when the disk has failed or damage was met: the next start verifies. */
  suspect(cause: string): void;
}

/** A run that has gone on for so long did not end early. */
export const settledAfterMs = 60_000;

interface RunFile {
  /** Runs in a row that ended neither as they should nor after a while. */
  readonly earlyEnds: number;
  /** So many of them are a cause. */
  readonly isCauseAt: number;
  readonly suspected?: string;
}

const firstCauseAt = 2;
const sound: RunFile = { earlyEnds: 0, isCauseAt: firstCauseAt };

/** Reads how the last runs ended, and notes that another has begun. */
export function beginRun(path: string): LastRun {
  const wasThere = existsSync(path);
  const before = readRunFile(path);
  let now: RunFile = { ...before, earlyEnds: before.earlyEnds + 1 };
  const become = (next: RunFile): void => {
    now = next;
    write(path, next);
  };
  become(now);
  return {
    wasThere,
    cause: before.suspected ?? causeOf(before),
    // Early ends that damage did not explain have another reason; they are to count for less and less.
    verified: (found) => become({ earlyEnds: 1, isCauseAt: found === 'sound' ? before.isCauseAt * 2 : firstCauseAt }),
    settled: endWell,
    stopped: endWell,
    suspect: (suspected) => become({ ...now, suspected }),
  };

  function endWell(): void {
    if (now.suspected === undefined) become(sound);
  }
}

function causeOf({ earlyEnds, isCauseAt }: RunFile): string | undefined {
  return earlyEnds < isCauseAt ? undefined : `the last ${earlyEnds} runs ended without a stop soon after they had started`;
}

function readRunFile(path: string): RunFile {
  try {
    const { earlyEnds, isCauseAt, suspected } = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunFile>;
    const counts = { earlyEnds: Number(earlyEnds ?? 0), isCauseAt: Math.max(firstCauseAt, Number(isCauseAt ?? 0)) };
    return suspected === undefined ? counts : { ...counts, suspected };
  } catch {
    return sound;
  }
}

/** On a disk that is full or fails it is left as it is. */
function write(path: string, file: RunFile): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, JSON.stringify(file), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch {
    // The next start then judges by what it finds.
  }
}
