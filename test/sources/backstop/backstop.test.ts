// Authentication, deduplication and counters of Backstop's endpoints.

import test from 'ava';
import { createHmac } from 'node:crypto';
import { isSigned } from '../../../src/sources/backstop/authentication.ts';
import { backstopBench } from './bench.ts';

const metric = '{"metric":"a","value":1,"measure_time":1}';
const push =
  '{"ref":"refs/heads/main","repository":{"name":"a"},"commits":[{"id":"1","timestamp":"2024-03-05T10:00:00Z"}]}';
const event =
  '{"event":{"id":"01A","event_type":"incident.triggered","occurred_at":"2024-03-05T10:00:00Z","data":{"service":{"summary":"a"}}}}';
const basic = (pair: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
});
const signature = (secret: string, body: string): string => createHmac('sha256', secret).update(body).digest('hex');

test('/health needs no password', async (t) => {
  const { url } = await backstopBench(t, { auth: ['u:p'] });
  const answer = await fetch(`${url}/health`);
  t.deepEqual([answer.status, await answer.json()], [200, { health: 'ok' }]);
});

test('B39 without a password every other endpoint answers 401 with a challenge and stores nothing', async (t) => {
  const { post, delivered, malformed, source } = await backstopBench(t, { auth: ['a:b', 'u:p'] });
  for (const path of ['/collectd', '/publish/test', '/github', '/pagerduty']) {
    const answer = await post(path, metric);
    t.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Basic realm="Restricted Area"']);
  }
  for (const header of ['Basic', 'Basic !!', 'Bearer dTpw', 'Basic dTpwcA==', ''])
    t.is((await post('/publish/test', metric, { authorization: header })).status, 401);
  t.deepEqual([delivered, malformed], [[], []]);
  t.is(source.status().notAllowed, 9);
});

test('B39 each of several passwords is accepted, one with colons too', async (t) => {
  const { post } = await backstopBench(t, { auth: ['a:b', 'u:p', 'u:p:w'] });
  for (const pair of ['a:b', 'u:p', 'u:p:w']) t.is((await post('/publish/test', metric, basic(pair))).status, 200);
  for (const pair of ['a:p', 'u', 'u:', ':p', 'u:p:'])
    t.is((await post('/publish/test', metric, basic(pair))).status, 401);
});

test("B40, B41 GitHub's published signature and a computed one verify", (t) => {
  const published = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  t.true(isSigned('sha256', published, Buffer.from('Hello, World!'), ["It's a Secret to Everybody"]));
  t.false(isSigned('sha256', published, Buffer.from('Hello, World?'), ["It's a Secret to Everybody"]));
  const computed = 'sha256=232a5e067b6a5aa567ed5a1d21a0dffaf6ef0eeecb6bd9bcf43b3d5ef3fc4f43';
  t.true(isSigned('sha256', computed, Buffer.from('{"ref":"refs/heads/main"}'), ['other', 's3cret']));
});

test('B42 either secret verifies a PagerDuty header with two signatures', (t) => {
  const body = Buffer.from('{"event":{"id":"01A","event_type":"incident.triggered"}}');
  const header =
    'v1=5e49c4cb920de3b12eca556043f320651f9848dc3493b9f98b6a2ec853637086,v1=f180de588a20666abb28309b7fd5f24bc1917fd62cbea88751d9d9d35301872a';
  for (const secret of ['new-secret', 'old-secret']) t.true(isSigned('v1', header, body, [secret]));
  t.false(isSigned('v1', header, body, ['another']));
  t.false(isSigned('v1', header.replaceAll('v1=', 'v2='), body, ['new-secret']));
  t.false(isSigned('v1', 'v1=,v1=zz,', body, ['new-secret']));
});

test('a webhook with a secret needs its signature; a password does not replace it', async (t) => {
  const { post, source } = await backstopBench(t, {
    auth: ['u:p'],
    githubSecrets: ['g'],
    pagerDutySecrets: ['old', 'new'],
  });
  t.is((await post('/github', push, { 'x-hub-signature-256': `sha256=${signature('g', push)}` })).status, 200);
  t.is((await post('/pagerduty', event, { 'x-pagerduty-signature': `v1=${signature('new', event)}` })).status, 200);
  t.is((await post('/github', push, basic('u:p'))).status, 403);
  t.is((await post('/github', push, { 'x-hub-signature-256': `sha256=${signature('x', push)}` })).status, 403);
  const refused = await post('/pagerduty', event);
  t.deepEqual(
    [refused.status, await refused.json()],
    [403, { error: 'X-PagerDuty-Signature: expected a signature of this body, found none' }],
  );
  t.like(source.status(), { accepted: 2, notAllowed: 3, malformed: 0 });
});

test("a repeated event has the same run key, made of GitHub's or PagerDuty's id", async (t) => {
  const { post, delivered } = await backstopBench(t);
  await post('/github', push, { 'x-github-delivery': 'd-1' });
  await post('/github', push, { 'x-github-delivery': 'd-1' });
  await post('/github', push);
  await post('/pagerduty', event);
  const [first, again, unnamed, alert] = delivered.map(({ options }) => options.run);
  t.deepEqual(first, again);
  t.deepEqual([first?.key, unnamed, alert?.key], ['github|d-1', undefined, 'pagerduty|01A']);
});

test('a duplicate is answered 200 with the number of duplicates, and counted', async (t) => {
  const { post, source } = await backstopBench(t, {}, async () => 'duplicate');
  const answer = await post('/pagerduty', event);
  t.deepEqual(await answer.json(), { accepted: 1, duplicates: 1, rejected: 0, skipped: 0, errors: [] });
  t.like(source.status(), { accepted: 0, duplicate: 1 });
});

test('an answer lists at most twenty errors', async (t) => {
  const { post, source } = await backstopBench(t);
  const answer = (await (await post('/publish/test', `[${'{},'.repeat(30)}${metric}]`)).json()) as {
    rejected: number;
    errors: string[];
  };
  t.deepEqual([answer.rejected, answer.errors.length], [30, 20]);
  t.like(source.status(), { accepted: 1, rejected: 30 });
});

test('the unit ms keeps milliseconds', async (t) => {
  const { post, delivered } = await backstopBench(t, { unit: 'ms' });
  await post('/collectd', '[{"host":"a","time":1700000000.123,"plugin":"users","type":"users","values":[1]}]');
  t.like(delivered[0]?.points[0], { timestamp: 1700000000123, unit: 'ms' });
});

test('a 503 counts as refused, any other 5xx as failed', async (t) => {
  const full = await backstopBench(t, {}, async () =>
    Promise.reject(Object.assign(new Error('full'), { status: 503, expose: true })),
  );
  await full.post('/publish/test', metric);
  const failing = await backstopBench(t, {}, async () => Promise.reject(new Error('EIO')));
  await failing.post('/publish/test', metric);
  t.deepEqual([full.source.status().refused, failing.source.status().failed, full.source.status().accepted], [1, 1, 0]);
});
