// The REST API v1: tokens in both encodings, renewed in time, and a complete list of nodes or a failure.

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

async function openV1(t: ExecutionContext, { bearer = 'both', secret = account.secret }: Options = {}) {
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
  test(`finds the token's encoding and uses it again: ${bearer}`, async (t) => {
    const { nodes, paths } = await openV1(t, { bearer });
    t.is((await nodes()).entries.length, 12);
    t.deepEqual(paths(), [...calls]);
    await nodes();
    t.deepEqual(paths(), [...calls, '/v1/nodes']);
  });
}

test('uses a token until shortly before it expires', async (t) => {
  const { api, clock, nodes, paths } = await openV1(t);
  await nodes();
  await clock.advance(1_600_000);
  await nodes();
  await clock.advance(30_000);
  await nodes();
  t.deepEqual(paths(), ['/token', '/v1/nodes', '/v1/nodes', '/token', '/v1/nodes']);
  t.true(api.calls.every(({ status }) => status === 200));
});

test('a token without expires_in lasts 30 minutes', async (t) => {
  const { api, nodes } = await openV1(t);
  api.fail(answer(200, { access_token: 'given' }), { path: /token/ });
  api.fail(v1Listing(world(3)), { path: /nodes/ });
  t.is((await nodes()).entries.length, 3);
});

test('renews a token that is refused as expired, at any status', async (t) => {
  for (const fault of [faults.expiredToken, answer(403, { Message: 'Expired Token' })]) {
    const { api, nodes, paths } = await openV1(t);
    api.fail(fault, { path: /nodes/, times: 1 });
    t.is((await nodes()).entries.length, 12);
    t.deepEqual(paths(), ['/token', '/v1/nodes', '/token', '/v1/nodes']);
  }
});

test('renews a token that is no longer valid before it tries the other encoding', async (t) => {
  const { api, nodes, paths } = await openV1(t);
  await nodes();
  api.fail(answer(401, { Message: 'Invalid token' }), { path: /nodes/, times: 1 });
  await nodes();
  t.deepEqual(paths(), ['/token', '/v1/nodes', '/v1/nodes', '/token', '/v1/nodes']);
});

test('a token that is always refused fails after a few calls', async (t) => {
  const { api, nodes } = await openV1(t);
  api.fail(answer(200, { Message: 'Invalid token' }), { path: /nodes/ });
  await t.throwsAsync(nodes(), { instanceOf: RestFailure, message: /Invalid token/ });
  t.true(api.calls.length <= 5);
});

test('a wrong secret fails at once, and is not in the error', async (t) => {
  const { api, nodes } = await openV1(t, { secret: 'not/the secret' });
  const error = await t.throwsAsync(nodes(), {
    instanceOf: RestFailure,
    message: /POST \/ui\/api\/token: answered 401 Unauthorized: Invalid client credentials/,
  });
  t.false(error.message.includes('not/the secret'));
  t.is(api.calls.length, 1);
});

test('an answer without a token fails', async (t) => {
  const { api, nodes } = await openV1(t);
  api.fail(answer(200, { token: 'elsewhere' }));
  await t.throwsAsync(nodes(), { message: /access_token: expected text, found nothing/ });
});

for (const [title, fault] of [
  ['HTML', faults.html],
  ['garbage', faults.garbage],
  ['bytes that the HTTP parser rejects', faults.rawBytes],
  ['an interrupted list', faults.cut],
  ['JSON without items', answer(200, { nodes: [] })],
  ['null', answer(200, 'null')],
  ['an error message', answer(200, { Message: 'An error has occurred.' })],
] as const) {
  test(`${title} fails`, async (t) => {
    const { api, nodes } = await openV1(t);
    api.fail(fault, { path: /nodes/ });
    await t.throwsAsync(nodes(), { instanceOf: RestFailure });
  });
}

test('follows has_more to the last page', async (t) => {
  const { api, nodes, paths } = await openV1(t);
  api.fail(v1Listing(world(3), true), { path: /nodes$/, times: 1 });
  api.fail(v1Listing(world(2, 4)), { path: /nodes\?pageNumber=1$/, times: 1 });
  t.is((await nodes()).entries.length, 5);
  t.deepEqual(paths(), ['/token', '/v1/nodes', '/v1/nodes?pageNumber=1']);
});

test('repeating pages fail', async (t) => {
  const { api, nodes } = await openV1(t);
  api.fail(v1Listing(world(3), true), { path: /nodes/ });
  await t.throwsAsync(nodes(), { message: /page 1 of the nodes holds none that the pages before did not/ });
});
