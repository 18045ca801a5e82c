// The simulated REST APIs refuse what Catchpoint's refuse.

import test, { type ExecutionContext } from 'ava';
import { got } from 'got';
import { account, fakeCatchpoint, world } from '../../fakes/catchpoint.ts';
import { movableClock } from '../../fakes/time.ts';

interface Told {
  readonly status: number;
  readonly body: Record<string, any>;
  readonly retryAfter: string | undefined;
}

async function opened(
  t: ExecutionContext,
  options: { readonly bearer?: 'both' | 'base64' | 'raw'; readonly count?: number } = {},
) {
  const clock = movableClock();
  const { count = 12, ...rest } = options;
  const api = await fakeCatchpoint(t, { clock, nodes: world(count), ...rest });
  async function ask(
    path: string,
    authorization?: string,
    form?: Record<string, string>,
    json?: object,
  ): Promise<Told> {
    const { statusCode, body, headers } = await got(`${api.url}${path}`, {
      method: form === undefined && json === undefined ? 'GET' : 'POST',
      headers: authorization === undefined ? {} : { authorization },
      ...(form === undefined ? {} : { form }),
      ...(json === undefined ? {} : { json }),
      retry: { limit: 0 },
      throwHttpErrors: false,
    });
    return { status: statusCode, body: JSON.parse(body) as Record<string, any>, retryAfter: headers['retry-after'] };
  }
  const credentials = { grant_type: 'client_credentials', client_id: account.key, client_secret: account.secret };
  const token = async (): Promise<string> =>
    (await ask('/ui/api/token', undefined, credentials)).body['access_token'] as string;
  return { api, ask, clock, credentials, token, bearer: `Bearer ${account.apiKey}` };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a token is given for key and secret in a form, and for nothing else', async (t) => {
  const { ask, credentials } = await opened(t);
  const given = await ask('/ui/api/token', undefined, credentials);
  t.is(given.status, 200);
  t.is(given.body['expires_in'], 1800);
  t.is((await ask('/ui/api/token', undefined, { ...credentials, client_secret: 'wrong' })).status, 401);
  t.is((await ask('/ui/api/token', undefined, { ...credentials, grant_type: 'password' })).status, 400);
  t.is((await ask('/ui/api/token', undefined, undefined, credentials)).status, 415);
  t.deepEqual(await ask('/ui/api/token').then(({ status }) => status), 405);
});

for (const [bearer, raw, encoded] of [
  ['both', 200, 200],
  ['base64', 401, 200],
  ['raw', 200, 401],
] as const) {
  test(`v1 takes the token written as ${bearer}`, async (t) => {
    const { ask, token } = await opened(t, { bearer });
    const given = await token();
    t.is((await ask('/ui/api/v1/nodes', `Bearer ${given}`)).status, raw);
    t.is((await ask('/ui/api/v1/nodes', `Bearer ${base64(given)}`)).status, encoded);
  });
}

test('v1 tells of every node, in its own words', async (t) => {
  const { ask, token } = await opened(t);
  const { body } = await ask('/ui/api/v1/nodes', `Bearer ${base64(await token())}`);
  t.is(body['items'].length, 12);
  t.like(body['items'][0], {
    id: 1,
    asn: { value: 'AS64500' },
    continent: { name: 'North America' },
    isp: { name: 'Carrier 1' },
  });
});

test('v1 refuses a token after its 30 minutes, and one that it never gave', async (t) => {
  const { ask, clock, token } = await opened(t);
  const given = await token();
  await clock.advance(1_799_000);
  t.is((await ask('/ui/api/v1/nodes', `Bearer ${given}`)).status, 200);
  await clock.advance(1000);
  t.like(await ask('/ui/api/v1/nodes', `Bearer ${given}`), { status: 401, body: { Message: 'Expired token' } });
  t.like(await ask('/ui/api/v1/nodes', 'Bearer never-given'), { status: 401, body: { Message: 'Invalid token' } });
  t.is((await ask('/ui/api/v1/nodes')).status, 401);
});

test('v2 refuses a missing, encoded or wrong API key in its envelope', async (t) => {
  const { ask } = await opened(t);
  for (const authorization of [undefined, `Bearer ${base64(account.apiKey)}`, 'Bearer wrong', account.apiKey]) {
    t.like(await ask('/api/v2/nodes/all', authorization), {
      status: 401,
      body: { data: null, completed: false, errors: [{ message: 'Unauthorized' }] },
    });
  }
});

test('v2 gives pages of at most 100', async (t) => {
  const { ask, bearer } = await opened(t, { count: 230 });
  const page = async (query: string): Promise<Told> => ask(`/api/v2/nodes/all${query}`, bearer);
  t.like((await page('')).body['data'], { hasMore: true, next: 'pageNumber=2&pageSize=100' });
  const last = (await page('?pageNumber=3&pageSize=100')).body['data'];
  t.deepEqual([last.nodes.length, last.nodes[0].id, last.hasMore], [30, 201, false]);
  t.deepEqual((await page('?pageNumber=9')).body['data'].nodes, []);
  t.is((await page('?pageSize=101')).status, 400);
  t.is((await page('?pageNumber=0')).status, 400);
});

test('v2 says of nodes only what it says: no continent, no region, no ISP', async (t) => {
  const { ask, bearer } = await opened(t);
  const { body } = await ask('/api/v2/nodes/all', bearer);
  t.deepEqual(
    Object.keys(body['data'].nodes[0] as object).filter((name) => /continent|region|state|isp|provider/i.test(name)),
    [],
  );
  t.like(body['data'].nodes[0], { id: 1, asn: { id: 64_500 }, city: { id: 1000 } });
});

test('unknown paths are not found', async (t) => {
  const { ask, bearer, token } = await opened(t);
  t.like(await ask('/api/v2/nodes/some', bearer), { status: 404, body: { completed: false } });
  t.is((await ask('/ui/api/v1/node', `Bearer ${await token()}`)).status, 404);
  t.is((await ask('/elsewhere')).status, 404);
});

test('more than 7 calls a second, 20 a minute, 500 an hour or 2000 a day are refused, with the time to wait', async (t) => {
  const { ask, bearer, clock } = await opened(t);
  const calls = async (count: number, apartMs: number): Promise<Told[]> => {
    const told: Told[] = [];
    for (let call = 0; call < count; call += 1) {
      told.push(await ask('/api/v2/nodes', bearer));
      await clock.advance(apartMs);
    }
    return told;
  };
  const taken = (told: readonly Told[]): number => told.filter(({ status }) => status === 200).length;
  t.is(taken(await calls(8, 0)), 7);
  await clock.advance(60_000);
  const minute = await calls(21, 200);
  t.is(taken(minute), 20);
  t.like(minute.at(-1), { status: 429, retryAfter: '56', body: { completed: false } });
  await clock.advance(3_600_000);
  t.is(taken(await calls(520, 3001)), 500);
  await clock.advance(86_400_000);
  t.is(taken(await calls(2010, 7201)), 2000);
});

test('the consumers of v1 and v2 are counted apart', async (t) => {
  const { ask, bearer, token } = await opened(t);
  for (let call = 0; call < 7; call += 1) await ask('/api/v2/nodes', bearer);
  t.is((await ask('/api/v2/nodes', bearer)).status, 429);
  t.is((await ask('/ui/api/v1/nodes', `Bearer ${await token()}`)).status, 200);
});

test('the nodes may change while it runs, and the calls are remembered', async (t) => {
  const { api, ask, bearer } = await opened(t);
  api.setNodes(world(3));
  t.is((await ask('/api/v2/nodes/all', bearer)).body['data'].nodes.length, 3);
  t.like(api.calls, [{ method: 'GET', path: '/api/v2/nodes/all', status: 200 }]);
});
