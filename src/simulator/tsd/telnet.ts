// The telnet door of the simulated OpenTSDB 2.4: lines of words, silence for a good put, a line for a bad one.

import type { Socket } from 'node:net';
import { addTag, parseLong, RefusedPut, type ReceivedPut } from './rules.ts';
import type { StorageOutcome, TsdStore } from './store.ts';

/** LineBasedFrameDecoder(1024) */
const maxLineBytes = 1024;

export interface TsdTelnetOptions {
  readonly store: TsdStore;
  readonly version: string;
  readonly isReadOnly: boolean;
  /** `diediedie` was sent. */
  readonly onDie: () => void;
}

/**
 * Serves a connection, of which `first` has been read already. More than 1024 bytes without a line's end close it; a
 * longer line that arrives in one piece passes, as in the real one.
 */
export function serveTelnet(options: TsdTelnetOptions, socket: Socket, first: Buffer): void {
  const { counts } = options.store;
  let rest = '';
  function take(chunk: Buffer): void {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      counts.lines += 1;
      if (line.length > maxLineBytes) counts.longLines += 1;
      execute(options, socket, line.replace(/\r$/, ''));
    }
    if (rest.length > maxLineBytes) socket.destroy();
  }
  socket.on('data', take);
  socket.on('error', () => socket.destroy());
  take(first);
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
    case 'help':
      return reply('available commands: dropcaches version exit help put diediedie\n');
    case 'dropcaches':
      return reply('Caches dropped.\n');
    case 'exit':
      return void socket.end();
    case 'diediedie':
      reply('Cleaning up and exiting now.\n');
      return onDie();
    default:
      return reply(`unknown command: ${command}.  Try \`help'.\n`);
  }
}

function put(store: TsdStore, words: readonly string[], reply: (text: string) => void): void {
  try {
    const outcome = store.add(readWords(words));
    if (outcome instanceof Promise) void outcome.then((settled) => tell(settled, reply));
    else tell(outcome, reply);
  } catch (error) {
    if (!(error instanceof RefusedPut)) throw error;
    store.counts.refused += 1;
    const prefix = {
      value: 'invalid value',
      argument: 'illegal argument',
      'unknown-name': 'unknown metric',
      unexpected: undefined,
    };
    // An exception of any other kind is only logged.
    if (prefix[error.kind] !== undefined) reply(`put: ${prefix[error.kind]}: ${error.message}\n`);
  }
}

function tell(outcome: StorageOutcome, reply: (text: string) => void): void {
  if (outcome === 'stored') return;
  if (outcome.failed.startsWith('Please throttle')) {
    reply('put: Please throttle writes: 10001 RPCs waiting on "region" to come back online\n');
  } else {
    reply(`put: HBase error: ${outcome.failed.replace(/^Storage exception: /, '')}\n`);
  }
}

/** PutDataPointRpc.importDataPoint */
function readWords(words: readonly string[]): Required<ReceivedPut> {
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
