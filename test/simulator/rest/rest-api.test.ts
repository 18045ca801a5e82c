// The simulated REST APIs are as strict as Catchpoint's.

import test, { type ExecutionContext } from 'ava';
import { got } from 'got';
import { account, fakeCatchpoint, world } from '../../fakes/catchpoint.ts';
import { movableClock } from '../../fakes/time.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, any>;
  readonly retryAfter: string | undefined;
}

async function openApi(
  t: ExecutionContext,
  options: { readonly bearer?: 'both' | 'base64' | 'raw'; readonly count?: number } = {},
) {
  const clock = movableClock();
  const { count = 12, ...rest } = options;
  const api = await fakeCatchpoint(t, { clock, nodes: world(count), ...rest });
  async function request(
    path: string,
    authorization?: string,
    content: { readonly form?: Record<string, string>; readonly json?: object } = {},
  ): Promise<Answer> {
    const { statusCode, body, headers } = await got(`${api.url}${path}`, {
      method: Object.keys(content).length === 0 ? 'GET' : 'POST',
      headers: authorization === undefined ? {} : { authorization },
      ...content,
      retry: { limit: 0 },
      throwHttpErrors: false,
    });
    return { status: statusCode, body: JSON.parse(body) as Record<string, any>, retryAfter: headers['retry-after'] };
  }
  const credentials = { grant_type: 'client_credentials', client_id: account.key, client_secret: account.secret };
  const token = async (): Promise<string> =>
    (await request('/ui/api/token', undefined, { form: credentials })).body['access_token'] as string;
  return { api, request, clock, credentials, token, bearer: `Bearer ${account.apiKey}` };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a token request must have key and secret as form fields', async (t) => {
  const { request, credentials } = await openApi(t);
  const given = await request('/ui/api/token', undefined, { form: credentials });
  t.is(given.status, 200);
  t.is(given.body['expires_in'], 1800);
  t.is((await request('/ui/api/token', undefined, { form: { ...credentials, client_secret: 'wrong' } })).status, 401);
  t.is((await request('/ui/api/token', undefined, { form: { ...credentials, grant_type: 'password' } })).status, 400);
  t.is((await request('/ui/api/token', undefined, { json: credentials })).status, 415);
  t.deepEqual(await request('/ui/api/token').then(({ status }) => status), 405);
});

for (const [bearer, raw, encoded] of [
  ['both', 200, 200],
  ['base64', 401, 200],
  ['raw', 200, 401],
] as const) {
  test(`v1 with the token encoding ${bearer}`, async (t) => {
    const { request, token } = await openApi(t, { bearer });
    const given = await token();
    t.is((await request('/ui/api/v1/nodes', `Bearer ${given}`)).status, raw);
    t.is((await request('/ui/api/v1/nodes', `Bearer ${base64(given)}`)).status, encoded);
  });
}

test('v1 lists every node in its own format', async (t) => {
  const { request, token } = await openApi(t);
  const { body } = await request('/ui/api/v1/nodes', `Bearer ${base64(await token())}`);
  t.is(body['items'].length, 12);
  t.like(body['items'][0], {
    id: 1,
    asn: { value: 'AS64500' },
    continent: { name: 'North America' },
    isp: { name: 'Carrier 1' },
  });
});

test('v1 refuses a token after 30 minutes, and an unknown one', async (t) => {
  const { request, clock, token } = await openApi(t);
  const given = await token();
  await clock.advance(1_799_000);
  t.is((await request('/ui/api/v1/nodes', `Bearer ${given}`)).status, 200);
  await clock.advance(1000);
  t.like(await request('/ui/api/v1/nodes', `Bearer ${given}`), { status: 401, body: { Message: 'Expired token' } });
  t.like(await request('/ui/api/v1/nodes', 'Bearer never-given'), { status: 401, body: { Message: 'Invalid token' } });
  t.is((await request('/ui/api/v1/nodes')).status, 401);
});

test('v2 refuses a missing, encoded or wrong API key', async (t) => {
  const { request } = await openApi(t);
  for (const authorization of [undefined, `Bearer ${base64(account.apiKey)}`, 'Bearer wrong', account.apiKey]) {
    t.like(await request('/api/v2/nodes/all', authorization), {
      status: 401,
      body: { data: null, completed: false, errors: [{ message: 'Unauthorized' }] },
    });
  }
});

test('v2 returns pages of at most 100', async (t) => {
  const { request, bearer } = await openApi(t, { count: 230 });
  const page = async (query: string): Promise<Answer> => request(`/api/v2/nodes/all${query}`, bearer);
  t.like((await page('')).body['data'], { hasMore: true, next: 'pageNumber=2&pageSize=100' });
  const last = (await page('?pageNumber=3&pageSize=100')).body['data'];
  t.deepEqual([last.nodes.length, last.nodes[0].id, last.hasMore], [30, 201, false]);
  t.deepEqual((await page('?pageNumber=9')).body['data'].nodes, []);
  t.is((await page('?pageSize=101')).status, 400);
  t.is((await page('?pageNumber=0')).status, 400);
});

test('v2 returns neither continent nor region nor ISP of a node', async (t) => {
  const { request, bearer } = await openApi(t);
  const { body } = await request('/api/v2/nodes/all', bearer);
  t.deepEqual(
    Object.keys(body['data'].nodes[0] as object).filter((name) => /continent|region|state|isp|provider/i.test(name)),
    [],
  );
  t.like(body['data'].nodes[0], { id: 1, asn: { id: 64_500 }, city: { id: 1000 } });
});

test('an unknown path answers 404', async (t) => {
  const { request, bearer, token } = await openApi(t);
  t.like(await request('/api/v2/nodes/some', bearer), { status: 404, body: { completed: false } });
  t.is((await request('/ui/api/v1/node', `Bearer ${await token()}`)).status, 404);
  t.is((await request('/elsewhere')).status, 404);
});

test('more than 7 calls a second, 20 a minute, 500 an hour or 2000 a day are refused, with Retry-After', async (t) => {
  const { request, bearer, clock } = await openApi(t);
  const calls = async (count: number, apartMs: number): Promise<Answer[]> => {
    const answers: Answer[] = [];
    for (let call = 0; call < count; call += 1) {
      answers.push(await request('/api/v2/nodes', bearer));
      await clock.advance(apartMs);
    }
    return answers;
  };
  const allowed = (answers: readonly Answer[]): number => answers.filter(({ status }) => status === 200).length;
  t.is(allowed(await calls(8, 0)), 7);
  await clock.advance(60_000);
  const minute = await calls(21, 200);
  t.is(allowed(minute), 20);
  t.like(minute.at(-1), { status: 429, retryAfter: '56', body: { completed: false } });
  await clock.advance(3_600_000);
  t.is(allowed(await calls(520, 3001)), 500);
  await clock.advance(86_400_000);
  t.is(allowed(await calls(2010, 7201)), 2000);
});

test('v1 and v2 have separate rate limits', async (t) => {
  const { request, bearer, token } = await openApi(t);
  for (let call = 0; call < 7; call += 1) await request('/api/v2/nodes', bearer);
  t.is((await request('/api/v2/nodes', bearer)).status, 429);
  t.is((await request('/ui/api/v1/nodes', `Bearer ${await token()}`)).status, 200);
});

test('the nodes may change while it runs, and calls are recorded', async (t) => {
  const { api, request, bearer } = await openApi(t);
  api.setNodes(world(3));
  t.is((await request('/api/v2/nodes/all', bearer)).body['data'].nodes.length, 3);
  t.like(api.calls, [{ method: 'GET', path: '/api/v2/nodes/all', status: 200 }]);
});
