// Messages over a pipe between a worker and its owner. A frame holds all messages of one turn of the event loop.

import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

export interface Channel<Sent> {
  /** Sends with the frame of this turn. On a closed channel the message is lost. */
  send(message: Sent): void;
  /** Bytes that wait in this process. */
  unsentBytes(): number;
  /** Resolves when the other side has ended. */
  readonly closed: Promise<void>;
  /** Sends what waits and closes; resolves when all is sent, or the other side has ended. */
  close(): Promise<void>;
}

interface ChannelOptions<Sent, Received> {
  readonly receive: (message: Received) => void;
  /** Messages to add to a frame. They do not cause one. */
  readonly piggyback?: () => readonly Sent[];
}

/** The length of the frame, big endian. */
const headerBytes = 4;

export function openChannel<Sent, Received>(
  stream: Duplex,
  { receive, piggyback = () => [] }: ChannelOptions<Sent, Received>,
): Channel<Sent> {
  let waiting: Sent[] = [];
  const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  function flush(): void {
    const messages = [...waiting, ...piggyback()];
    waiting = [];
    if (messages.length === 0 || !stream.writable) return;
    const frame = serialize(messages);
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32BE(frame.length);
    stream.cork();
    stream.write(header);
    stream.write(frame);
    stream.uncork();
  }
  // A reset by the other side counts as its end.
  stream.on('error', () => stream.destroy());
  stream.on('end', () => stream.destroy());
  stream.on(
    'data',
    frameReader((messages) => messages.forEach((message) => receive(message as Received))),
  );
  return {
    closed,
    unsentBytes: () => stream.writableLength,
    send(message) {
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

/** Takes bytes as they arrive, and calls `take` with the messages of each complete frame. */
export function frameReader(take: (messages: readonly unknown[]) => void): (bytes: Buffer) => void {
  let chunks: Buffer[] = [];
  let arrivedBytes = 0;
  let neededBytes = headerBytes;
  return (bytes) => {
    chunks.push(bytes);
    arrivedBytes += bytes.length;
    while (arrivedBytes >= neededBytes) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, arrivedBytes);
      const endBytes = headerBytes + all.readUInt32BE(0);
      const isComplete = all.length >= endBytes;
      if (isComplete) take(deserialize(all.subarray(headerBytes, endBytes)) as readonly unknown[]);
      const rest = isComplete ? all.subarray(endBytes) : all;
      chunks = rest.length === 0 ? [] : [rest];
      arrivedBytes = rest.length;
      neededBytes = isComplete ? headerBytes : endBytes;
    }
  };
}
