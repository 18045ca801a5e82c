// The checks of Catchpoint's API key and of the authentication of pushes.

import test from 'ava';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authenticationCheck, keyCheck } from '../../../src/cli/checks/credentials.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { movableClock } from '../../fakes/time.ts';
import { configFrom } from '../context.ts';
import { checkContext, lines } from './check-context.ts';

const dayMs = 86_400_000;

test('the expiry of a key comes from its claims, or from the age of its file', async (t) => {
  const context = { ...checkContext, clock: movableClock() };
  const nowMs = context.clock.now();
  const path = join(await temporaryDirectory(t), 'key');
  await writeFile(path, 'k');
  const token = (days: number): string =>
    ['e30', Buffer.from(JSON.stringify({ exp: (nowMs + days * dayMs) / 1000 })).toString('base64url'), 'x'].join('.');
  const found = async (flags: Flags): Promise<string> =>
    lines(await keyCheck(configFrom(flags, { readFile: () => 'hunter2' }), context)).join();
  t.is(await found({ apiKey: token(200) }), 'ok Catchpoint key: the key holds 200 days more');
  t.is(await found({ apiKey: token(5) }), 'warning Catchpoint key: the key holds 5 days more');
  await utimes(path, nowMs / 1000, (nowMs - 720 * dayMs) / 1000);
  t.is(
    await found({ apiKeyFile: path }),
    'warning Catchpoint key: by the age of its file the key holds at most 10 days more',
  );
  await utimes(path, nowMs / 1000, (nowMs - 800 * dayMs) / 1000);
  t.is(await found({ apiKeyFile: path }), 'warning Catchpoint key: the key should not hold any more');
  t.regex(await found({ apiKey: 'a.b.c' }), /^unknown /);
  t.regex(await found({ key: 'a', secret: 'b' }), /^unknown /);
  t.regex(await found({}), /^fault 78 Catchpoint: there is nowhere to get the nodes from/);
  t.is(await found({ nodesFile: 'n' }), '');
});

test('pushes without authentication are a warning', async (t) => {
  t.deepEqual(lines(await authenticationCheck(configFrom())), [
    'warning who may push: everybody who knows the address',
  ]);
  const backstopAlone = configFrom({ catchpoint: false, backstop: true });
  t.deepEqual(await authenticationCheck(backstopAlone), [], 'nobody pushes');
  const origins = [{ name: 'push-token-file', value: '/t', origin: 'bridge.yaml:3' }];
  t.deepEqual(lines(await authenticationCheck({ ...configFrom(), origins })), [
    'ok who may push: whoever has what push-token-file ask for',
  ]);
});

test('without the Catchpoint source neither its key nor who may push is checked', async (t) => {
  const read = configFrom({ catchpoint: false, backstop: true });
  t.deepEqual(await keyCheck(read, checkContext), []);
  t.deepEqual(await authenticationCheck(read), []);
});
