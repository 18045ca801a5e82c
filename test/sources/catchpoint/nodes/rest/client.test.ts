// The client retries calls that may succeed later. Its errors name the answer, without secrets.

import test, { type ExecutionContext } from 'ava';
import {
  type RestClientOptions,
  type RestRequest,
  restClient,
} from '../../../../../src/sources/catchpoint/nodes/rest/client.ts';
import { RestFailure } from '../../../../../src/sources/catchpoint/nodes/rest/failure.ts';
import { answer, fakeCatchpoint, faults } from '../../../../fakes/catchpoint.ts';
import { until } from '../../../../fakes/until.ts';
import { untilSettled } from '../../../../fakes/passing-time.ts';
import { movableClock } from '../../../../fakes/time.ts';

const request: RestRequest<unknown> = {
  method: 'GET',
  path: '/any',
  headers: { authorization: 'Bearer a-token' },
  secrets: ['a-token', 'se/cret'],
  refusal: () => undefined,
  read: (body) => body,
};

async function openClient(t: ExecutionContext, options: Partial<RestClientOptions> = {}) {
  const clock = movableClock();
  const api = await fakeCatchpoint(t, { clock });
  let spent = 0;
  const budget = { spend: async () => void (spent += 1) };
  const client = restClient({ url: `${api.url}/`, budget, clock, random: () => 0.5, timeoutMs: 20_000, ...options });
  const call = (changed: Partial<RestRequest<unknown>> = {}) =>
    untilSettled(clock, client.call({ ...request, ...changed }, new AbortController().signal));
  return { api, call, client, clock, spent: () => spent };
}

for (const [title, fault, message] of [
  ['500', answer(500, { some: 'text' }), /^GET \/any: answered 500 Internal Server Error: \{"some":"text"\}$/],
  ['HTML with a 200', faults.html, /answered 200 OK, not JSON: <!DOCTYPE html>/],
  ['garbage', faults.garbage, /not JSON/],
  ['nothing with a 200', answer(200, ''), /not JSON: nothing/],
  ['bytes that the HTTP parser rejects', faults.rawBytes, /^GET \/any: Parse Error/],
  ['a body that breaks off', faults.cut, /^GET \/any: /],
  ['429', answer(429, {}), /429 Too Many Requests/],
  ['a redirect, which is not followed', answer(302, '', { location: '/elsewhere' }), /answered 302 Found/],
] as const) {
  test(`${title} fails after four attempts`, async (t) => {
    const { api, call, spent } = await openClient(t);
    api.fail(fault);
    await t.throwsAsync(call(), { instanceOf: RestFailure, message });
    t.is(api.calls.length, 4);
    t.is(spent(), 4);
    t.true(api.calls.every(({ path }) => path === '/any'));
  });

  test(`${title} once is retried with success`, async (t) => {
    const { api, call } = await openClient(t);
    api.fail(fault, { times: 1 });
    api.fail(answer(200, { well: true }));
    t.deepEqual(await call(), { well: true });
  });
}

for (const status of [400, 401, 403, 404, 409]) {
  test(`${status} is not retried`, async (t) => {
    const { api, call } = await openClient(t);
    api.fail(answer(status, 'no'));
    const error = await t.throwsAsync(call(), { instanceOf: RestFailure });
    t.like(error, { status, final: true });
    t.is(api.calls.length, 1);
  });
}

test('an error in the body fails the call at any status', async (t) => {
  const { api, call } = await openClient(t);
  api.fail(answer(200, { Message: 'not now' }));
  await t.throwsAsync(call({ refusal: () => ({ message: 'not now', final: true }) }), {
    message: 'GET /any: answered 200 OK: not now',
  });
  t.is(api.calls.length, 1);
});

test('an unexpected shape fails with its fault', async (t) => {
  const { api, call } = await openClient(t);
  api.fail(answer(200, {}));
  const read = (): never => {
    throw new Error('items: expected an array, found nothing');
  };
  await t.throwsAsync(call({ read }), {
    message: 'GET /any: answered 200, but items: expected an array, found nothing',
  });
});

test('Retry-After delays the next attempt, in seconds or as a date', async (t) => {
  const { api, call, clock } = await openClient(t);
  const startMs = clock.now();
  api.fail(answer(429, {}, { 'retry-after': '40' }), { times: 1 });
  api.fail(answer(503, {}, { 'retry-after': new Date(startMs + 100_000).toUTCString() }), { times: 1 });
  api.fail(answer(200, {}));
  await call();
  const [first, second, third] = api.calls.map(({ atMs }) => atMs - startMs);
  t.is(first, 0);
  t.true((second ?? 0) >= 40_000 && (second ?? 0) < 42_000);
  t.true((third ?? 0) >= 100_000 && (third ?? 0) < 102_000);
});

test('a long Retry-After ends the call', async (t) => {
  const { api, call } = await openClient(t);
  api.fail(answer(429, {}, { 'retry-after': '1800' }));
  const error = await t.throwsAsync(call(), { instanceOf: RestFailure });
  t.is(error.retryAfterMs, 1_800_000);
  t.is(api.calls.length, 1);
});

test('a call without an answer times out', async (t) => {
  const { api, call } = await openClient(t, { timeoutMs: 50, attempts: 2 });
  api.fail(faults.hang);
  await t.throwsAsync(call(), { message: /^GET \/any: Timeout awaiting 'request' for 50ms/ });
  t.is(api.calls.length, 2);
});

test('an answer over the size limit fails', async (t) => {
  const { api, call } = await openClient(t, { maxBytes: 1000, attempts: 1 });
  api.fail(answer(200, JSON.stringify('x'.repeat(2000))));
  await t.throwsAsync(call(), { message: 'GET /any: the answer is longer than 1000 bytes' });
});

test('a refused connection is retried, then fails', async (t) => {
  const { api, call, spent } = await openClient(t);
  await api.close();
  await t.throwsAsync(call(), { instanceOf: RestFailure, message: /^GET \/any: / });
  t.is(spent(), 4);
});

test('an error has no secret that the answer echoes, not even at its cut end', async (t) => {
  const { api, call } = await openClient(t);
  for (const echo of ['you sent a-token and se%2Fcret', `${'x'.repeat(195)}a-token`, { Message: 'bad se/cret' }]) {
    api.fail(answer(401, echo), { times: 1 });
    const { message } = await t.throwsAsync(call(), { instanceOf: RestFailure });
    t.notRegex(message, /a-tok|se\/cret|se%2F/);
  }
});

test('an error has no control characters of the answer', async (t) => {
  const { api, call } = await openClient(t);
  api.fail(answer(404, 'a\r\nb\u001b[31m'));
  await t.throwsAsync(call(), { message: 'GET /any: answered 404 Not Found, not JSON: a b [31m' });
});

test('the signal ends a call in flight, and a pause between two attempts', async (t) => {
  const { api, client, clock } = await openClient(t, { timeoutMs: 600_000 });
  api.fail(answer(500, {}), { times: 1 });
  api.fail(faults.hang);
  for (const wait of [() => clock.untilSomebodySleeps(), () => until(() => api.calls.length === 2)]) {
    const stop = new AbortController();
    const call = client.call(request, stop.signal);
    await wait();
    stop.abort(new Error('stopped'));
    await t.throwsAsync(call, { message: 'stopped' });
  }
});
