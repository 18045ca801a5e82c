// Parts of a command's context: outputs that a test reads, and configurations made from flags.

import { Writable } from 'node:stream';
import type { Output } from '../../src/cli/command-context.ts';
import { type ConfigRead, readConfig } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';

export const golden = new URL('../../../test/golden/', import.meta.url).pathname;

export type CapturedOutput = Output & {
  text(): string;
  /** Resolves once the text matches. */
  until(pattern: RegExp): Promise<void>;
};

/** An output that keeps its text and calls `onWrite` with all of it after each write. */
export function capturedOutput({
  onWrite = (_text: string): void => {},
  isTTY = false,
  columns = 120,
} = {}): CapturedOutput {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      onWrite(text);
      stream.emit('text');
      done();
    },
  });
  async function until(pattern: RegExp): Promise<void> {
    while (!pattern.test(text)) await new Promise((resolve) => stream.once('text', resolve));
  }
  return Object.assign(stream, { isTTY, columns, rows: 30, text: () => text, until });
}

export interface ConfigFiles {
  /** The text of `bridge.yaml`. */
  readonly file?: string;
  readonly readFile?: () => string;
}

/** The configuration that flags and a file give, with an empty environment. */
export function configFrom(flags: Flags = {}, { file, readFile = () => '' }: ConfigFiles = {}): ConfigRead {
  const places = { flags, env: {}, readFile, canWriteIn: () => true };
  return readConfig(
    { ...places, file: file === undefined ? undefined : { path: 'bridge.yaml', text: file } },
    { needsNodes: false },
  );
}
