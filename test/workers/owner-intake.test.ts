// The push intake of a worker: outcomes from the owner, bounds on waiting, and the end of the owner.

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
  const sent: WorkerMessage[] = [];
  const clock = movableClock();
  return {
    sent,
    clock,
    ...ownerIntake({
      send: (message) => sent.push(message),
      maxBytes: () => maxBytes,
      unsentBytes: () => unsentBytes,
      clock,
    }),
  };
}

test('each push is answered with its own outcome, in any order', async (t) => {
  const { sent, take, taken, refused } = intake();
  const [first, second] = [take(push()), take(push())];
  t.deepEqual(sent, [
    { type: 'push', id: 1, push: push() },
    { type: 'push', id: 2, push: push() },
  ]);
  refused(2, { status: 400, message: 'body: no push', expose: true, retryAfterMs: undefined, stack: undefined });
  taken(1, 'duplicate');
  t.is(await first, 'duplicate');
  t.like(await t.throwsAsync(second), { status: 400, message: 'body: no push', expose: true, retryAfterMs: undefined });
  t.notThrows(() => taken(1, 'taken'), 'an outcome of an unknown push');
});

test('a push over the bound on waiting bytes is answered 503, unless no other waits', async (t) => {
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

test('when the owner ends, pending and later pushes are answered 503', async (t) => {
  const { sent, take, ownerEnded } = intake();
  const waiting = take(push());
  ownerEnded();
  t.like(await t.throwsAsync(waiting), { status: 503, expose: true, message: 'push: the bridge is ending' });
  t.like(await t.throwsAsync(take(push())), { status: 503 });
  t.is(sent.length, 1);
});

test('a push that the worker refuses is reported to the owner', async (t) => {
  const { sent, take } = intake(100);
  void take(push(1000));
  await t.throwsAsync(take(push(1)));
  t.deepEqual(sent[1], {
    type: 'unread',
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

test('a worker does not send the bytes of an unreadable body while too many bytes are unsent', (t) => {
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
    t.deepEqual(one.sent, [{ type: 'unread', push: { ...unread, read: Buffer.alloc(bytes) } }]);
  }
});

test('a push without an outcome in time is answered 503, and counts as waiting until the owner answers', async (t) => {
  const { take, taken, expire, clock } = intake(100);
  const late = take(push(100));
  await clock.advance(13_000);
  const next = t.throwsAsync(late, { message: 'push: the bridge has not answered in time' });
  expire();
  await clock.advance(1_000);
  expire();
  t.like(await next, { status: 503, retryAfterMs: 1_000 });
  await t.throwsAsync(take(push(1)), { message: /1 wait already, with 100 bytes/ });
  taken(1, 'taken');
  const after = take(push(1));
  taken(2, 'taken');
  t.is(await after, 'taken');
});

test('durations are drained once', (t) => {
  const { answered, drainDurationsMs } = intake();
  answered(3);
  answered(4);
  t.deepEqual([drainDurationsMs(), drainDurationsMs()], [[3, 4], []]);
});
