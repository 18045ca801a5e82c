// A worker's pushes on their way to the owner: whose word it is waited for, and what is said when there is nobody.

import test from 'ava';
import type { ArrivedPush } from '../../src/sources/catchpoint/push-route.ts';
import type { WorkerMessage } from '../../src/workers/messages.ts';
import { ownerIntake } from '../../src/workers/owner-intake.ts';
import { movableClock } from '../fakes/time.ts';

const push = (bytes = 10): ArrivedPush => ({
  body: Buffer.alloc(bytes),
  ip: '192.0.2.1',
  isOwner: false,
  isReplay: false,
  requestId: 'x-1',
});

function intake(maxBytes = 100, unsentBytes = 0) {
  const said: WorkerMessage[] = [];
  const clock = movableClock();
  return {
    said,
    clock,
    ...ownerIntake({
      say: (message) => said.push(message),
      maxBytes: () => maxBytes,
      unsentBytes: () => unsentBytes,
      clock,
    }),
  };
}

test("each push is answered by the owner's word on it, in whatever order the words come", async (t) => {
  const { said, take, taken, refused } = intake();
  const [first, second] = [take(push()), take(push())];
  t.deepEqual(said, [
    { say: 'push', id: 1, push: push() },
    { say: 'push', id: 2, push: push() },
  ]);
  refused(2, { status: 400, message: 'body: no push', expose: true, retryAfterMs: undefined, stack: undefined });
  taken(1, 'duplicate');
  t.is(await first, 'duplicate');
  t.like(await t.throwsAsync(second), { status: 400, message: 'body: no push', expose: true, retryAfterMs: undefined });
  t.notThrows(() => taken(1, 'taken'), 'a word on nothing');
});

test('more bytes than may wait are answered 503, a push that is alone never is', async (t) => {
  const { take, taken } = intake(100);
  const large = take(push(1000));
  t.like(await t.throwsAsync(take(push(1))), {
    status: 503,
    expose: true,
    retryAfterMs: 1_000,
    message: 'pushes: 1 wait already, with 1000 bytes',
  });
  taken(1, 'taken');
  await large;
  const next = take(push(60));
  const beside = take(push(40));
  await t.throwsAsync(take(push(1)), { message: /2 wait already/ });
  taken(2, 'taken');
  taken(3, 'taken');
  t.deepEqual(await Promise.all([next, beside]), ['taken', 'taken']);
});

test('with the owner gone what waits is answered 503, and so is what comes', async (t) => {
  const { said, take, lost } = intake();
  const waiting = take(push());
  lost();
  t.like(await t.throwsAsync(waiting), { status: 503, expose: true, message: 'push: the bridge is ending' });
  t.like(await t.throwsAsync(take(push())), { status: 503 });
  t.is(said.length, 1);
});

test('what is refused here is told to the owner, who counts it', async (t) => {
  const { said, take } = intake(100);
  void take(push(1000));
  await t.throwsAsync(take(push(1)));
  t.deepEqual(said[1], {
    say: 'unread',
    push: {
      ip: '192.0.2.1',
      isOwner: false,
      requestId: 'x-1',
      read: Buffer.alloc(0),
      status: 503,
      reason: 'pushes: 1 wait already, with 1000 bytes',
    },
  });
});

test('of a body that could not be read nothing is handed over while too much is unsent', (t) => {
  const unread = {
    ip: '192.0.2.1',
    isOwner: false,
    requestId: 'x-1',
    read: Buffer.alloc(50),
    status: 400,
    reason: 'body: ended early',
  };
  for (const [unsentBytes, bytes] of [
    [100, 50],
    [101, 0],
  ] as const) {
    const one = intake(100, unsentBytes);
    one.unread(unread);
    t.deepEqual(one.said, [{ say: 'unread', push: { ...unread, read: Buffer.alloc(bytes) } }]);
  }
});

test('what the owner says nothing of in time is answered 503, and counts as waiting until it does', async (t) => {
  const { take, taken, giveUpLate, clock } = intake(100);
  const late = take(push(100));
  await clock.advance(13_000);
  const next = t.throwsAsync(late, { message: 'push: the bridge has not answered in time' });
  giveUpLate();
  await clock.advance(1_000);
  giveUpLate();
  t.like(await next, { status: 503, retryAfterMs: 1_000 });
  await t.throwsAsync(take(push(1)), { message: /1 wait already, with 100 bytes/ });
  taken(1, 'taken');
  const after = take(push(1));
  taken(2, 'taken');
  t.is(await after, 'taken');
});

test('times are told once', (t) => {
  const { answered, takeTimes } = intake();
  answered(3);
  answered(4);
  t.deepEqual([takeTimes(), takeTimes()], [[3, 4], []]);
});
