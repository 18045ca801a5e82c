// The exit codes of commands, after sysexits.h, and the error that ends a command with one.

export const exitCodes = {
  usage: 64,
  dataError: 65,
  noInput: 66,
  unavailable: 69,
  software: 70,
  cannotCreate: 73,
  ioError: 74,
  temporaryFailure: 75,
} as const;

export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.unavailable) {
    super(message);
    this.exitCode = exitCode;
  }
}
