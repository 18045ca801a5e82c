#!/usr/bin/env node
// The process: arguments, environment, streams, signals and the exit code; the only file that touches it.

import { readFileSync } from 'node:fs';
import { systemClock } from './clock.ts';
import { runProgram } from './program.ts';

const stop = new AbortController();
const hurry = new AbortController();

/** A terminal that closes sends SIGHUP. */
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The first signal stops, the second one hurries, a third one kills. */
function onSignal(): void {
  if (!stop.signal.aborted) return stop.abort();
  hurry.abort();
  for (const name of signals) process.off(name, onSignal);
}
for (const name of signals) process.on(name, onSignal);

// Whoever read along has gone: `nodes list | head` is no error.
process.stdout.on('error', () => stop.abort());
process.stderr.on('error', () => {});

process.on('uncaughtException', (error: unknown) => {
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: ${words.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exit(70);
});

const packageFile = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(packageFile) as { readonly version: string };
process.exitCode = await runProgram(process.argv.slice(2), version, {
  env: process.env,
  stdin: () => process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock(),
  random: Math.random,
  pid: process.pid,
  stop: stop.signal,
  hurry: hurry.signal,
});
