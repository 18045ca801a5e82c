// The channel between a worker and its owner: frames, and the end of the pipe.

import test from 'ava';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { frameReader, openChannel } from '../../src/workers/channel.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

const frame = (messages: readonly unknown[]): Buffer => {
  const bytes = serialize(messages);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
};

test('frames are read as sent, wherever the pipe splits them', (t) => {
  const sent = fc.array(
    fc.array(
      fc.oneof(
        fc.string(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.integer(),
      ),
      { maxLength: 5 },
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(sent, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (frames, splits) => {
      const received: unknown[] = [];
      const read = frameReader((messages) => received.push(messages));
      const bytes = Buffer.concat(frames.map(frame));
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const length = splits[turn % splits.length] as number;
        read(bytes.subarray(at, at + length));
        at += length;
      }
      t.deepEqual(received, frames);
    }),
  );
});

/** Both ends of a pipe, as between a process and its child. */
async function pipe(t: Parameters<typeof temporaryDirectory>[0]): Promise<readonly [Socket, Socket]> {
  const server = createServer();
  server.listen(join(await temporaryDirectory(t), 'pipe'));
  await once(server, 'listening');
  const one = connect(server.address() as string);
  const [other] = (await once(server, 'connection')) as [Socket];
  server.close();
  t.teardown(() => void [one, other].map((end) => end.destroy()));
  return [one, other];
}

test('messages of one turn are one frame, with the piggybacked ones; a body arrives byte for byte', async (t) => {
  const [here, there] = await pipe(t);
  const frames: unknown[][] = [];
  const durations: number[] = [7];
  there.on(
    'data',
    frameReader((messages) => frames.push([...messages])),
  );
  const channel = openChannel<unknown, never>(here, { receive: () => t.fail(), piggyback: () => durations.splice(0) });
  const body = Buffer.from([0, 255, 10, 13]);
  channel.send({ body });
  channel.send('second');
  await new Promise((resolve) => setImmediate(resolve));
  channel.send('third');
  while (frames.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(frames, [[{ body }, 'second', 7], ['third']]);
});

test('a message larger than the pipe arrives whole', async (t) => {
  const [here, there] = await pipe(t);
  const large = Buffer.alloc(3 * 2 ** 20, 'x');
  const received = new Promise<Buffer>((resolve) => void openChannel<never, Buffer>(there, { receive: resolve }));
  openChannel<unknown, never>(here, { receive: () => {} }).send(large);
  t.true(large.equals(await received));
});

test('a channel closes once all is sent, and the other side is closed, too', async (t) => {
  const [here, there] = await pipe(t);
  const received: unknown[] = [];
  const other = openChannel<unknown, unknown>(there, { receive: (message) => received.push(message) });
  const channel = openChannel<unknown, unknown>(here, { receive: () => {} });
  channel.send('last');
  await channel.close();
  await other.closed;
  t.deepEqual(received, ['last']);
  t.notThrows(() => other.send('lost'));
  await new Promise((resolve) => setImmediate(resolve));
});
