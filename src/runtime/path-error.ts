// What stands in the way of using a file or directory, by the system's error: in words, with what to do, and the exit code.

export interface PathError {
  /** What it is, and what to do. */
  readonly words: string;
  /** After sysexits: 77 it is not permitted, 73 nothing can be made there, 78 it is something else. */
  readonly exitCode: number;
}

const obstacles: Readonly<Record<string, PathError>> = {
  EACCES: { words: 'permission denied; give it, and what is in it, to the user that runs the bridge', exitCode: 77 },
  EPERM: { words: 'not permitted; give it, and what is in it, to the user that runs the bridge', exitCode: 77 },
  ENOENT: { words: 'cannot be made there; make it by other means', exitCode: 73 },
  EROFS: { words: 'its disk is mounted read-only; mount it for writing', exitCode: 73 },
  EEXIST: { words: 'is no directory; move away what is there', exitCode: 78 },
  ENOTDIR: { words: 'is not in a directory; move away what is there', exitCode: 78 },
};

/** What an error of the system says stands in the way; undefined where that needs other words. */
export function pathErrorOf(error: unknown): PathError | undefined {
  return obstacles[String((error as NodeJS.ErrnoException).code)];
}
