// A worker's pushes on their way to the owner: whose word it is waited for, and what is said when there is nobody.

import test from 'ava';
import type { ArrivedPush } from '../../src/sources/catchpoint/push-route.ts';
import type { WorkerSays } from '../../src/workers/handover.ts';
import { ownerIntake } from '../../src/workers/owner-intake.ts';

const push = (bytes = 10): ArrivedPush => ({ body: Buffer.alloc(bytes), ip: '192.0.2.1', isOwner: false, isReplay: false, requestId: 'x-1' });

function intake(maxBytes = 100) {
  const said: WorkerSays[] = [];
  return { said, ...ownerIntake((message) => said.push(message), () => maxBytes) };
}

test('each push is answered by the owner\'s word on it, in whatever order the words come', async (t) => {
  const { said, take, taken, refused } = intake();
  const [first, second] = [take(push()), take(push())];
  t.deepEqual(said, [{ say: 'push', id: 1, push: push() }, { say: 'push', id: 2, push: push() }]);
  refused(2, { status: 400, message: 'body: no push', expose: true, retryAfterMs: undefined, stack: undefined });
  taken(1, 'duplicate');
  t.is(await first, 'duplicate');
  t.like(await t.throwsAsync(second), { status: 400, message: 'body: no push', expose: true, retryAfterMs: undefined });
  t.notThrows(() => taken(1, 'taken'), 'a word on nothing');
});

test('more bytes than may wait are answered 503, a push that is alone never is', async (t) => {
  const { take, taken } = intake(100);
  const large = take(push(1000));
  t.like(await t.throwsAsync(take(push(1))), { status: 503, expose: true, retryAfterMs: 1_000, message: 'pushes: 1 wait already, with 1000 bytes' });
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

test('times are told once', (t) => {
  const { answered, takeTimes } = intake();
  answered(3);
  answered(4);
  t.deepEqual([takeTimes(), takeTimes()], [[3, 4], []]);
});
