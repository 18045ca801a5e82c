// What a worker and its owner say to each other: over a pipe, in frames, each with all that was said in one turn of the event loop.

import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

export interface Channel<Said> {
  /** Says it with whatever else is said in this turn. What is said on a closed channel is lost. */
  say(message: Said): void;
  /** What was said and has not left this process. */
  unsentBytes(): number;
  /** Resolves when the other side is gone. */
  readonly closed: Promise<void>;
  /** Says what is to be said yet, and closes; resolves when that is done, or the other side is gone. */
  close(): Promise<void>;
}

export interface ChannelOptions<Said, Heard> {
  readonly hear: (message: Heard) => void;
  /** What is said beside the rest with each frame, but makes none of its own. */
  readonly alongside?: () => readonly Said[];
}

/** Before each frame stands how many bytes it has. */
const headBytes = 4;

export function openChannel<Said, Heard>(
  stream: Duplex,
  { hear, alongside = () => [] }: ChannelOptions<Said, Heard>,
): Channel<Said> {
  let waiting: Said[] = [];
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  function flush(): void {
    const messages = [...waiting, ...alongside()];
    waiting = [];
    if (messages.length === 0 || !stream.writable) return;
    const frame = serialize(messages);
    const head = Buffer.alloc(headBytes);
    head.writeUInt32BE(frame.length);
    stream.cork();
    stream.write(head);
    stream.write(frame);
    stream.uncork();
  }
  // An end that was reset is an end.
  stream.on('error', () => stream.destroy());
  stream.on('end', () => stream.destroy());
  stream.on(
    'data',
    frameReader((messages: readonly Heard[]) => messages.forEach(hear)),
  );
  return {
    closed,
    unsentBytes: () => stream.writableLength,
    say(message) {
      waiting.push(message);
      if (waiting.length === 1) setImmediate(flush);
    },
    async close() {
      flush();
      stream.end();
      await closed;
    },
  };
}

/** Takes the bytes as they come, and gives the messages of each frame once it is whole. */
export function frameReader<Heard>(take: (messages: readonly Heard[]) => void): (bytes: Buffer) => void {
  let chunks: Buffer[] = [];
  let arrivedBytes = 0;
  let neededBytes = headBytes;
  return (bytes) => {
    chunks.push(bytes);
    arrivedBytes += bytes.length;
    while (arrivedBytes >= neededBytes) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, arrivedBytes);
      const frameBytes = all.readUInt32BE(0);
      const endBytes = headBytes + frameBytes;
      if (all.length >= endBytes) take(deserialize(all.subarray(headBytes, endBytes)) as readonly Heard[]);
      const rest = all.length >= endBytes ? all.subarray(endBytes) : all;
      chunks = rest.length === 0 ? [] : [rest];
      arrivedBytes = rest.length;
      neededBytes = rest === all ? endBytes : headBytes;
    }
  };
}
