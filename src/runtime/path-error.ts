// Explains system errors of files and directories: the problem, the remedy and the exit code.

export interface PathError {
  /** The problem and the remedy. */
  readonly explanation: string;
  /** After sysexits: 77 no permission, 73 cannot be created, 78 wrong kind of file. */
  readonly exitCode: number;
}

const pathErrors: Readonly<Record<string, PathError>> = {
  EACCES: {
    explanation: 'permission denied; give it, and what is in it, to the user that runs the bridge',
    exitCode: 77,
  },
  EPERM: { explanation: 'not permitted; give it, and what is in it, to the user that runs the bridge', exitCode: 77 },
  ENOENT: { explanation: 'cannot be made there; make it by other means', exitCode: 73 },
  EROFS: { explanation: 'its disk is mounted read-only; mount it for writing', exitCode: 73 },
  EEXIST: { explanation: 'is no directory; move away what is there', exitCode: 78 },
  ENOTDIR: { explanation: 'is not in a directory; move away what is there', exitCode: 78 },
};

/** Undefined for errors that need another explanation. */
export function pathErrorOf(error: unknown): PathError | undefined {
  return pathErrors[String((error as NodeJS.ErrnoException).code)];
}
