// What the simulated engine refuses, as a real one does.

import test from 'ava';
import { get, opened, recording } from './opened.ts';

for (const [title, options, path, method, reply] of [
  [
    'a version that is too old',
    {},
    '/v1.39/containers/json',
    'GET',
    [
      400,
      'application/json',
      '{"message":"client version 1.39 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version"}\n',
    ],
  ],
  [
    'a version from before JSON errors',
    {},
    '/v1.17/containers/json',
    'GET',
    [
      400,
      'text/plain; charset=utf-8',
      'client version 1.17 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version\n',
    ],
  ],
  [
    'a version that is too new',
    { apiVersion: '1.41' },
    '/v1.99/version',
    'GET',
    [400, 'application/json', `${recording('error-version.json').trim()}\n`],
  ],
  [
    'an unknown container',
    {},
    '/v1.41/containers/nope/json',
    'GET',
    [404, 'application/json', `${recording('error-404.json').trim()}\n`],
  ],
  [
    'samples of an unknown container',
    {},
    '/v1.41/containers/nope/stats',
    'GET',
    [404, 'application/json', `${recording('error-404.json').trim()}\n`],
  ],
  ['an unknown path', {}, '/v1.41/nope', 'GET', [404, 'application/json', '{"message":"page not found"}\n']],
  ['another method', {}, '/v1.41/containers/json', 'POST', [404, 'application/json', '{"message":"page not found"}\n']],
  [
    'a one-shot of a stream',
    {},
    '/v1.41/containers/container-1/stats?one-shot=1',
    'GET',
    [400, 'application/json', '{"message":"cannot have stream=true and one-shot=true"}\n'],
  ],
  [
    'events since a time that is none',
    {},
    '/v1.41/events?since=abc',
    'GET',
    [400, 'application/json', '{"message":"strconv.ParseInt: parsing \\"abc\\": invalid syntax"}\n'],
  ],
  [
    'events with a filter that is none',
    {},
    '/v1.41/events?filters=zz',
    'GET',
    [400, 'application/json', '{"message":"invalid character \'z\' looking for beginning of value"}\n'],
  ],
] as const) {
  test(`the engine refuses ${title}`, async (t) => {
    const { docker } = await opened(t, options);
    const { status, type, body } = await get(docker, path, method);
    t.deepEqual([status, type, body], [...reply]);
  });
}

test('a request without a version counts as of the newest', async (t) => {
  const { docker } = await opened(t, { apiVersion: '1.41' });
  t.is((await get(docker, '/version')).status, 200);
  t.true(
    'name' in (JSON.parse((await get(docker, '/containers/container-1/stats?stream=0&one-shot=1')).body) as object),
  );
});
