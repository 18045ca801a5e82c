// The channel between a worker and its owner: frames, however the pipe cuts them, and its end.

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

test('frames are read as they were said, wherever the pipe cuts them', (t) => {
  const said = fc.array(
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
    fc.property(said, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (frames, cuts) => {
      const heard: unknown[] = [];
      const read = frameReader((messages) => heard.push(messages));
      const bytes = Buffer.concat(frames.map(frame));
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const length = cuts[turn % cuts.length] as number;
        read(bytes.subarray(at, at + length));
        at += length;
      }
      t.deepEqual(heard, frames);
    }),
  );
});

/** Two ends of a pipe as a process has it with its child. */
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

test('what is said in one turn goes as one frame, with what goes alongside; a body arrives byte for byte', async (t) => {
  const [here, there] = await pipe(t);
  const frames: unknown[][] = [];
  const times: number[] = [7];
  there.on(
    'data',
    frameReader((messages) => frames.push([...messages])),
  );
  const channel = openChannel<unknown, never>(here, { hear: () => t.fail(), alongside: () => times.splice(0) });
  const body = Buffer.from([0, 255, 10, 13]);
  channel.say({ body });
  channel.say('second');
  await new Promise((resolve) => setImmediate(resolve));
  channel.say('third');
  while (frames.length < 2) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(frames, [[{ body }, 'second', 7], ['third']]);
});

test('a message larger than the pipe arrives whole', async (t) => {
  const [here, there] = await pipe(t);
  const large = Buffer.alloc(3 * 2 ** 20, 'x');
  const heard = new Promise<Buffer>((resolve) => void openChannel<never, Buffer>(there, { hear: resolve }));
  openChannel<unknown, never>(here, { hear: () => {} }).say(large);
  t.true(large.equals(await heard));
});

test('a channel closes when it has said everything, and the other side sees it closed', async (t) => {
  const [here, there] = await pipe(t);
  const heard: unknown[] = [];
  const other = openChannel<unknown, unknown>(there, { hear: (message) => heard.push(message) });
  const channel = openChannel<unknown, unknown>(here, { hear: () => {} });
  channel.say('last');
  await channel.close();
  await other.closed;
  t.deepEqual(heard, ['last']);
  t.notThrows(() => other.say('nobody hears it'));
  await new Promise((resolve) => setImmediate(resolve));
});
