// The REST API v1: tokens in both ways of writing them, renewed in time, and a list of nodes that is whole or nothing.

import test, { type ExecutionContext } from 'ava';
import { join } from 'node:path';
import { silentLog } from '../../../../../src/runtime/log.ts';
import { pageCache } from '../../../../../src/sources/catchpoint/nodes/rest/page-cache.ts';
import { restClient } from '../../../../../src/sources/catchpoint/nodes/rest/client.ts';
import { RestFailure } from '../../../../../src/sources/catchpoint/nodes/rest/failure.ts';
import { restV1 } from '../../../../../src/sources/catchpoint/nodes/rest/v1.ts';
import { account, answer, fakeCatchpoint, faults, v1Listing, world } from '../../../../fakes/catchpoint.ts';
import { temporaryDirectory } from '../../../../fakes/directory.ts';
import { untilSettled } from '../../../../fakes/passing-time.ts';
import { movableClock } from '../../../../fakes/time.ts';

interface Options {
  readonly bearer?: 'both' | 'base64' | 'raw';
  readonly secret?: string;
}

async function opened(t: ExecutionContext, { bearer = 'both', secret = account.secret }: Options = {}) {
  const clock = movableClock();
  const api = await fakeCatchpoint(t, { clock, bearer });
  const folder = join(await temporaryDirectory(t), 'pages');
  const pages = pageCache({ folder, account: 'one', clock, log: silentLog() });
  const client = restClient({
    url: api.url,
    budget: { spend: async () => undefined },
    clock,
    random: () => 0.5,
    timeoutMs: 20_000,
  });
  const v1 = restV1({ client, key: account.key, secret, pages, clock });
  async function nodes() {
    await pages.clear();
    return untilSettled(clock, v1.nodes(new AbortController().signal));
  }
  const paths = (): string[] => api.calls.map(({ path }) => path.replace('/ui/api', ''));
  return { api, clock, nodes, paths };
}

for (const [bearer, calls] of [
  ['both', ['/token', '/v1/nodes']],
  ['base64', ['/token', '/v1/nodes']],
  ['raw', ['/token', '/v1/nodes', '/v1/nodes']],
] as const) {
  test(`the way of writing the token that the API takes is found and remembered: ${bearer}`, async (t) => {
    const { nodes, paths } = await opened(t, { bearer });
    t.is((await nodes()).entries.length, 12);
    t.deepEqual(paths(), [...calls]);
    await nodes();
    t.deepEqual(paths(), [...calls, '/v1/nodes']);
  });
}

test('a token is used again while it lasts, and renewed before it ends', async (t) => {
  const { api, clock, nodes, paths } = await opened(t);
  await nodes();
  await clock.advance(1_600_000);
  await nodes();
  await clock.advance(30_000);
  await nodes();
  t.deepEqual(paths(), ['/token', '/v1/nodes', '/v1/nodes', '/token', '/v1/nodes']);
  t.true(api.calls.every(({ status }) => status === 200));
});

test('a token without expires_in is taken for one of 30 minutes', async (t) => {
  const { api, nodes } = await opened(t);
  api.fail(answer(200, { access_token: 'given' }), { path: /token/ });
  api.fail(v1Listing(world(3)), { path: /nodes/ });
  t.is((await nodes()).entries.length, 3);
});

test('a token that is refused as expired, at whatever status, is renewed once', async (t) => {
  for (const fault of [faults.expiredToken, answer(403, { Message: 'Expired Token' })]) {
    const { api, nodes, paths } = await opened(t);
    api.fail(fault, { path: /nodes/, times: 1 });
    t.is((await nodes()).entries.length, 12);
    t.deepEqual(paths(), ['/token', '/v1/nodes', '/token', '/v1/nodes']);
  }
});

test('a token that is no longer valid, after it was, is renewed before the other way of writing it is tried', async (t) => {
  const { api, nodes, paths } = await opened(t);
  await nodes();
  api.fail(answer(401, { Message: 'Invalid token' }), { path: /nodes/, times: 1 });
  await nodes();
  t.deepEqual(paths(), ['/token', '/v1/nodes', '/v1/nodes', '/token', '/v1/nodes']);
});

test('a token that is refused for ever is a failure after few calls', async (t) => {
  const { api, nodes } = await opened(t);
  api.fail(answer(200, { Message: 'Invalid token' }), { path: /nodes/ });
  await t.throwsAsync(nodes(), { instanceOf: RestFailure, message: /Invalid token/ });
  t.true(api.calls.length <= 5);
});

test('a wrong secret is a failure at once, which does not tell it', async (t) => {
  const { api, nodes } = await opened(t, { secret: 'not/the secret' });
  const error = await t.throwsAsync(nodes(), {
    instanceOf: RestFailure,
    message: /POST \/ui\/api\/token: answered 401 Unauthorized: Invalid client credentials/,
  });
  t.false(error.message.includes('not/the secret'));
  t.is(api.calls.length, 1);
});

test('a token endpoint that answers something else is a failure', async (t) => {
  const { api, nodes } = await opened(t);
  api.fail(answer(200, { token: 'elsewhere' }));
  await t.throwsAsync(nodes(), { message: /access_token: expected text, found nothing/ });
});

for (const [title, fault] of [
  ['HTML', faults.html],
  ['garbage', faults.garbage],
  ['bytes that the HTTP parser rejects', faults.rawBytes],
  ['a list that breaks off', faults.cut],
  ['JSON without items', answer(200, { nodes: [] })],
  ['null', answer(200, 'null')],
  ['a message in place of the list', answer(200, { Message: 'An error has occurred.' })],
] as const) {
  test(`${title} is a failure, never a list of no nodes`, async (t) => {
    const { api, nodes } = await opened(t);
    api.fail(fault, { path: /nodes/ });
    await t.throwsAsync(nodes(), { instanceOf: RestFailure });
  });
}

test('has_more is followed to the last page', async (t) => {
  const { api, nodes, paths } = await opened(t);
  api.fail(v1Listing(world(3), true), { path: /nodes$/, times: 1 });
  api.fail(v1Listing(world(2, 4)), { path: /nodes\?pageNumber=1$/, times: 1 });
  t.is((await nodes()).entries.length, 5);
  t.deepEqual(paths(), ['/token', '/v1/nodes', '/v1/nodes?pageNumber=1']);
});

test('pages that run in a circle are a failure', async (t) => {
  const { api, nodes } = await opened(t);
  api.fail(v1Listing(world(3), true), { path: /nodes/ });
  await t.throwsAsync(nodes(), { message: /page 1 of the nodes holds none that the pages before did not/ });
});
