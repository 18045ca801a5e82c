// The administration over HTTP, protected by a token.

import test from 'ava';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAdminFile } from '../../src/admin/admin-file.ts';
import { openDoor } from '../fakes/admin.ts';

const post = (body: string): RequestInit => ({ method: 'POST', body });

const lines = async (answer: Response): Promise<Record<string, unknown>[]> =>
  (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('admin.json has address and token, is readable only by its user, and is removed at close', async (t) => {
  const { stateDir, access, door } = await openDoor(t);
  const path = join(stateDir, 'admin.json');
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.deepEqual(JSON.parse(await readFile(path, 'utf8')), access);
  t.regex(access.token, /^[\w-]{43}$/);
  await door.close();
  t.is(await readAdminFile(stateDir), undefined);
});

test('an admin.json with other contents is an error', async (t) => {
  const { stateDir } = await openDoor(t);
  for (const text of ['', '{}', '{"url":"nowhere","token":"x"}']) {
    await writeFile(join(stateDir, 'admin.json'), text);
    await t.throwsAsync(readAdminFile(stateDir), { message: /admin\.json: expected an object with url and token/ });
  }
});

test('without the token every route answers 401 and changes nothing', async (t) => {
  const { ask, access, spool } = await openDoor(t);
  const reads = ['/admin/dead-letters', '/admin/dead-letters/export', '/admin/dead-letters/x', '/admin/spool'].map(
    (path) => [path, {}] as const,
  );
  const writes = ['/admin/dead-letters/drop', '/admin/dead-letters/retry', '/admin/spool/drop'].map(
    (path) => [path, post('{"all":true}')] as const,
  );
  for (const [path, init] of [...reads, ...writes]) {
    for (const token of ['', 'x', access.token.slice(1), `${access.token}x`]) {
      const answer = await ask(path, init, token);
      t.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer'], path);
      t.notRegex(await answer.text(), new RegExp(access.token));
    }
    t.is((await fetch(access.url + path, init)).status, 401, path);
  }
  t.is(spool.letters.count(), 4);
});

test('letters are listed without inputs, filtered by kind, reason and id', async (t) => {
  const { ask, idOf } = await openDoor(t);
  const all = await lines(await ask('/admin/dead-letters'));
  t.deepEqual(all.map(({ kind }) => String(kind)).toSorted(), [
    'implausible-time',
    'malformed',
    'rejected',
    'rejected',
  ]);
  t.true(all.every((letter) => !('raw' in letter)));
  const reasons = async (search: string): Promise<unknown[]> =>
    (await lines(await ask(`/admin/dead-letters?${search}`))).map(({ reason }) => reason);
  t.deepEqual(await reasons('kind=malformed'), ['body: no push']);
  t.deepEqual(await reasons('reason=UNKNOWN'), ['Unknown metric']);
  t.deepEqual(await reasons(`id=${idOf('Too many tags')}&id=x`), ['Too many tags']);
  t.deepEqual(await reasons('untilMs=1'), []);
});

test('a letter is shown and exported with its input', async (t) => {
  const { ask, idOf, clock } = await openDoor(t);
  const at = new Date(clock.now()).toISOString();
  const sample = {
    kind: 'malformed',
    reason: 'body: no push',
    from: '203.0.113.9',
    raw: 'garbage',
    firstAt: at,
    lastAt: at,
    times: 1,
  };
  t.like(await (await ask(`/admin/dead-letters/${idOf('body: no push')}`)).json(), sample);
  t.like((await lines(await ask('/admin/dead-letters/export?kind=malformed')))[0], sample);
  const missing = await ask('/admin/dead-letters/x');
  t.deepEqual([missing.status, await missing.json()], [404, { error: 'there is no letter "x"' }]);
});

test('retry and drop without a filter or with an unknown member answer 400', async (t) => {
  const { ask, spool } = await openDoor(t);
  for (const [body, error] of [
    ['{}', 'body: expected ids, kind, reason or "all": true, found none of them'],
    ['{"all":false}', 'body: expected ids, kind, reason or "all": true, found none of them'],
    ['{"untilMs":5}', 'body: expected ids, kind, reason or "all": true, found none of them'],
    ['{"id":"x"}', 'id: expected ids, kind, reason, untilMs or all, found this'],
    ['{"ids":"x"}', 'ids: expected a list of ids, found "x"'],
    ['[]', 'body: expected a JSON object, found something else'],
    ['garbage', 'body: expected a JSON object, found something else'],
  ] as const) {
    for (const order of ['retry', 'drop']) {
      const answer = await ask(`/admin/dead-letters/${order}`, post(body));
      t.deepEqual([answer.status, await answer.json()], [400, { error }], body);
    }
  }
  t.is((await ask('/admin/dead-letters?reasn=x')).status, 200, 'a list ignores unknown filters');
  t.is(spool.letters.count(), 4);
});

test('retry answers the outcome of each letter', async (t) => {
  const { ask, spool, idOf, reader } = await openDoor(t, ({ kind }) =>
    kind === 'malformed' ? Promise.resolve({ refused: 'still no push' }) : undefined,
  );
  const ids = [idOf('Unknown metric'), idOf('before 2010'), idOf('body: no push')];
  const outcomes = await lines(await ask('/admin/dead-letters/retry', post(JSON.stringify({ ids: [...ids, 'x'] }))));
  t.deepEqual(Object.fromEntries(outcomes.map(({ id, ...outcome }) => [id, outcome])), {
    [ids[0] as string]: { done: 'waits for tsdb again' },
    [ids[1] as string]: { refused: 'what is implausible-time cannot be tried again' },
    [ids[2] as string]: { refused: 'still no push' },
    x: { refused: 'there is no such letter' },
  });
  t.deepEqual([spool.letters.count(), reader.backlog().points], [3, 1]);
});

test('letters are dropped by kind, by reason and all', async (t) => {
  const { ask, spool } = await openDoor(t);
  const dropped = async (body: string): Promise<number> =>
    (await lines(await ask('/admin/dead-letters/drop', post(body)))).length;
  t.is(await dropped('{"kind":"malformed"}'), 1);
  t.is(await dropped('{"kind":"rejected","reason":"tags"}'), 1);
  t.is(await dropped('{"all":true}'), 2);
  t.is(spool.letters.count(), 0);
});

test('the spool status is shown, and the backlog of a sink can be dropped', async (t) => {
  const { ask, spool } = await openDoor(t);
  t.like(await (await ask('/admin/spool')).json(), { sinks: [{ name: 'tsdb' }], malformed: { count: 1 } });
  await spool.append([{ metric: 'm', timestamp: 1, unit: 's', value: '1.0', tags: { a: 'b' } }]);
  t.like(await (await ask('/admin/spool/drop', post('{"sink":"tsdb"}'))).json(), { points: 1 });
  const wrong = await ask('/admin/spool/drop', post('{"sink":"x"}'));
  t.deepEqual(
    [wrong.status, ((await wrong.json()) as { error: string }).error],
    [404, 'no sink of the name "x" has a position in the spool; there is tsdb'],
  );
});
