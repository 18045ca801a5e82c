// Runs commands in this process: outputs that a test reads, and configurations made from flags.

import type { ExecutionContext } from 'ava';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Output } from '../../src/cli/command-context.ts';
import { runProgram } from '../../src/cli/program.ts';
import { type ConfigRead, readConfig } from '../../src/config/config.ts';
import type { Flags } from '../../src/config/settings/origins.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

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

interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** The context of a command. By default its stop signal has come already. */
export function commandContext(env: Readonly<Record<string, string>> = {}, stop = AbortSignal.abort()) {
  return {
    env,
    stdin: () => Readable.from([]),
    stdout: capturedOutput(),
    stderr: capturedOutput(),
    clock: systemClock(),
    random: () => 0.5,
    pid: 7,
    stop,
    hurry: stop,
  };
}

export async function ran(argv: readonly string[], ...given: Parameters<typeof commandContext>): Promise<Ran> {
  const context = commandContext(...given);
  const exitCode = await runProgram(argv, '1.2.3', context);
  return { exitCode, out: context.stdout.text(), err: context.stderr.text() };
}

/** Flags of a run without account and OpenTSDB, on free ports. */
export async function runFlags(t: ExecutionContext) {
  const stateDir = await temporaryDirectory(t);
  const nodesFile = join(stateDir, 'given-nodes.json');
  await writeFile(nodesFile, '[{"id":312,"name":"Jinan, CN - Unicom","active":true}]');
  const directories = ['--nodes-file', nodesFile, '--state-dir', stateDir];
  return { stateDir, directories, argv: ['-f', '-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', ...directories] };
}
