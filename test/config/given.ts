// Reads a configuration from what a test gives: flags, variables and the text of bridge.yaml.

import { type ConfigInputs, type ConfigRead, readConfig, WrongConfiguration } from '../../src/config/config.ts';

export type Given = Partial<Omit<ConfigInputs, 'file'>> & { readonly file?: string; readonly needsNodes?: boolean };

export function read({ file, needsNodes = false, ...inputs }: Given): ConfigRead {
  return readConfig(
    {
      flags: {},
      env: {},
      readFile: (path) => {
        throw new Error(`no such file ${path}`);
      },
      canWriteIn: () => true,
      ...inputs,
      file: file === undefined ? undefined : { path: 'bridge.yaml', text: file },
    },
    { needsNodes },
  );
}

/** The exit code and the faults; 0 alone for a valid configuration. */
export function faultsOf(given: Given): readonly [exitCode: number, ...faults: string[]] {
  try {
    read(given);
  } catch (error) {
    if (error instanceof WrongConfiguration) return [error.exitCode, ...error.message.split('\n')];
    throw error;
  }
  return [0];
}
