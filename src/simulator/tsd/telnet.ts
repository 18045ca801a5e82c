// Telnet of the simulated OpenTSDB 2.4: a valid put has no answer, an invalid one has a line.

import type { Socket } from 'node:net';
import { addTag, parseLong, RefusedPut, type ReceivedPut } from './rules.ts';
import type { StorageOutcome, TsdStore } from './store.ts';

/** LineBasedFrameDecoder(1024) */
const maxLineBytes = 1024;

export interface TsdTelnetOptions {
  readonly store: TsdStore;
  readonly version: string;
  readonly isReadOnly: boolean;
  /** Handles `diediedie`. */
  readonly onDie: () => void;
}

/**
 * Serves a connection whose first data have been read. It closes on more than 1024 bytes without a line's end.
 * As in OpenTSDB, a longer line is accepted if it arrives with its end.
 */
export function serveTelnet(options: TsdTelnetOptions, socket: Socket, first: Buffer): void {
  const { counts } = options.store;
  let rest = '';
  function receive(chunk: Buffer): void {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.length > maxLineBytes) counts.longLines += 1;
      execute(options, socket, line.replace(/\r$/, ''));
    }
    if (rest.length > maxLineBytes) socket.destroy();
  }
  socket.on('data', receive);
  socket.on('error', () => socket.destroy());
  receive(first);
}

function execute(options: TsdTelnetOptions, socket: Socket, line: string): void {
  const { store, version, isReadOnly, onDie } = options;
  const words = line.split(' ');
  const command = words[0] ?? '';
  const reply = (text: string): void => {
    if (socket.writable) socket.write(text, 'latin1');
  };
  if (command === 'put' && !isReadOnly) return put(store, words, reply);
  store.counts.commands.set(command, (store.counts.commands.get(command) ?? 0) + 1);
  switch (command) {
    case 'version':
      return reply(
        `net.opentsdb.tools ${version} built at revision 0000000 (MODIFIED)\nBuilt on 2021/09/02 00:00:00 +0000 by simulator\n`,
      );
    case 'exit':
      return void socket.end();
    case 'diediedie':
      reply('Cleaning up and exiting now.\n');
      return onDie();
    default:
      return reply(`unknown command: ${command}.  Try \`help'.\n`);
  }
}

const putErrors = {
  value: 'invalid value',
  argument: 'illegal argument',
  'unknown-name': 'unknown metric',
  unexpected: undefined,
} as const;

function put(store: TsdStore, words: readonly string[], reply: (text: string) => void): void {
  try {
    const outcome = store.add(parsePut(words));
    if (outcome instanceof Promise) void outcome.then((result) => replyOutcome(result, reply));
    else replyOutcome(outcome, reply);
  } catch (error) {
    if (!(error instanceof RefusedPut)) throw error;
    store.counts.refused += 1;
    const prefix = putErrors[error.kind];
    // OpenTSDB only logs an unexpected exception.
    if (prefix !== undefined) reply(`put: ${prefix}: ${error.message}\n`);
  }
}

function replyOutcome(outcome: StorageOutcome, reply: (text: string) => void): void {
  if (outcome === 'stored') return;
  if (outcome.failed.startsWith('Please throttle')) {
    reply('put: Please throttle writes: 10001 RPCs waiting on "region" to come back online\n');
  } else {
    reply(`put: HBase error: ${outcome.failed.replace(/^Storage exception: /, '')}\n`);
  }
}

/** PutDataPointRpc.importDataPoint */
function parsePut(words: readonly string[]): ReceivedPut {
  if (words.length < 5)
    throw new RefusedPut('argument', `not enough arguments (need least 4, got ${words.length - 1})`);
  const [, metric = '', time = '', value = '', ...pairs] = words;
  if (metric === '') throw new RefusedPut('argument', 'empty metric name');
  const timestamp = Number(parseLong(time.replaceAll('.', '')));
  if (timestamp <= 0) throw new RefusedPut('argument', `invalid timestamp: ${timestamp}`);
  if (value === '') throw new RefusedPut('argument', 'empty value');
  const tags = new Map<string, string>();
  for (const pair of pairs) if (pair !== '') addTag(tags, pair);
  return { metric, timestamp, value, tags };
}
