// The administration over HTTP gives the same results as in the process, and reports an unreachable bridge.

import test from 'ava';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Administration } from '../../src/admin/administration.ts';
import { adminClient } from '../../src/admin/admin-client.ts';
import { openAdmin } from '../fakes/admin.ts';
import { all } from '../fakes/all.ts';
import { lettersOf, rejected } from '../fakes/letters.ts';
import { points } from '../fakes/points.ts';

const never = new AbortController().signal;

test('queries give the same results over HTTP as in the process', async (t) => {
  const { access, administration, idOf } = await openAdmin(t);
  const remote = adminClient(access, never);
  const queries: ((one: Administration) => Promise<unknown>)[] = [
    (one) => all(one.letters({})),
    (one) => all(one.letters({ kind: 'rejected', reason: 'ünknown & metric=?' }, { withInput: true })),
    (one) => all(one.letters({ ids: [idOf('Unknown metric'), 'x'] }, { withInput: true })),
    (one) => all(one.letters({ untilMs: 1 })),
    (one) => one.spoolStatus().then((status) => JSON.parse(JSON.stringify(status)) as unknown),
    (one) => all(one.drop({ ids: ['x'] })),
  ];
  for (const query of queries) t.deepEqual(await query(remote), await query(administration));
});

test('retry and drop without a filter select all letters', async (t) => {
  const { access, spool } = await openAdmin(t);
  const remote = adminClient(access, never);
  t.is((await all(remote.retry({ kind: 'rejected' }))).length, 2);
  t.is((await all(remote.drop({}))).length, 2);
  t.is(spool.letters.count(), 0);
  t.like(await remote.dropWaiting('tsdb'), { points: 2 });
});

test('a long list arrives in chunks without losing a letter', async (t) => {
  const { access, spool, reader } = await openAdmin(t);
  await lettersOf(
    spool,
    reader,
    points(1, 900),
    points(1500, 1000).map((point) => rejected(point, 'é'.repeat(100))),
  );
  const letters = await all(adminClient(access, never).letters({ reason: 'é' }, { withInput: true }));
  t.is(new Set(letters.map(({ raw }) => raw)).size, 1500);
});

test('a refusal carries the message of the bridge', async (t) => {
  const { access } = await openAdmin(t);
  const remote = adminClient(access, never);
  await t.throwsAsync(remote.dropWaiting('x'), { name: 'OwnerRefused', message: /^no sink of the name "x"/ });
});

test('a wrong token, a closed port and another server have different errors', async (t) => {
  const { access } = await openAdmin(t);
  await t.throwsAsync(adminClient({ ...access, token: 'x' }, never).spoolStatus(), {
    name: 'OwnerUnreachable',
    message: /answered 401: Authorization/,
  });
  await t.throwsAsync(adminClient({ ...access, url: 'http://127.0.0.1:1' }, never).spoolStatus(), {
    name: 'OwnerUnreachable',
    message: /^the bridge at http:\/\/127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/,
  });
  const other = createServer((_, response) => response.writeHead(502).end('<html>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  t.teardown(() => other.close());
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  await t.throwsAsync(adminClient({ ...access, url }, never).spoolStatus(), {
    message: /answered 502: nothing that can be read$/,
  });
});

test('closing the endpoint ends a stalled answer, and the client throws', async (t) => {
  const { access, door, spool, reader } = await openAdmin(t);
  for (let first = 0; first < 12_000; first += 3000) {
    await lettersOf(
      spool,
      reader,
      points(1, 50_000 + first),
      points(3000, 100_000 + first).map((point) => rejected(point, 'x'.repeat(90))),
    );
  }
  const letters = adminClient(access, never).letters({}, { withInput: true })[Symbol.asyncIterator]();
  t.truthy((await letters.next()).value);
  await door.close();
  await t.throwsAsync(
    async () => {
      while ((await letters.next()).done !== true);
    },
    { name: 'OwnerUnreachable', message: /broke off its answer/ },
  );
});
