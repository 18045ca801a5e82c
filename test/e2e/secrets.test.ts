// A secret is never written in clear anywhere but where it was given: the built program is given every secret there is, by
// every way there is, is made to fail with them, and whatever it prints, answers and writes is searched for each.

import test, { type ExecutionContext } from 'ava';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { environmentNameOf } from '../../src/config/settings/names.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { type Bridge, program } from './program.ts';

const golden = new URL('../../../test/golden/catchpoint/', import.meta.url).pathname;
/** One at a time: each has a program of its own on a machine that may be small. */
const e2e = process.env['BRIDGE_E2E'] === 'off' ? test.serial.skip : test.serial;

/** Distinctive, and fit for a key, a password and a header alike. */
const secretOf = (what: string): string => `S3cret-of-${what}-x7Qz`;

/** A far side that refuses everything and repeats in its answer all that it was sent, as a careless one does. */
async function repeatingServer(
  t: ExecutionContext,
): Promise<{ url: string; port: number; headers: IncomingHttpHeaders[] }> {
  const headers: IncomingHttpHeaders[] = [];
  const server: Server = createServer((request, response) => {
    headers.push(request.headers);
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => void pieces.push(piece));
    request.on('end', () => {
      response.writeHead(401, { 'content-type': 'text/html' });
      response.end(
        `<html>refused: ${request.method} ${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(pieces).toString()}</html>`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, headers };
}

/** How a secret may look that was encoded on its way. */
function guises(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [secret, encodeURIComponent(secret), base64.slice(0, 20), Buffer.from(secret).toString('hex')];
}

function filesBelow(directory: string): string[] {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path));
  return paths.filter((path) => statSync(path).isFile());
}

type Started = Pick<Bridge, 'child' | 'ended' | 'printed' | 'line' | 'pushUrl' | 'adminUrl'>;

/** The bridge, whatever its log looks like. */
async function started(
  t: ExecutionContext,
  format: string,
  stateDir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Started> {
  const one = program(t, ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--log-format', format, ...args], env);
  await one.line((line) => /\bready\b/.test(line));
  const { push, admin } = JSON.parse(readFileSync(join(stateDir, 'listening.json'), 'utf8')) as {
    readonly push: string;
    readonly admin: string;
  };
  return { ...one, pushUrl: push, adminUrl: admin };
}

/** Pushes that are taken, refused, too large and no pushes; everything that the second listener answers. */
async function exercised(one: Started): Promise<string[]> {
  const answers: string[] = [];
  const ask = async (url: string, options: RequestInit = {}): Promise<void> => {
    const answer = await fetch(url, { ...options, headers: { connection: 'close', ...options.headers } });
    answers.push(JSON.stringify([...answer.headers]), await answer.text());
  };
  const token = secretOf('push-token');
  const post = (body: string | Buffer, path = ''): Promise<void> =>
    ask(`${one.pushUrl}${path}/?token=${token}`, { method: 'POST', body });
  await ask(`${one.pushUrl}/?token=${token}-not`, { method: 'POST', body: '{}' });
  await ask(`${one.pushUrl}/catchpoint/token`, { method: 'POST', body: secretOf('rotation-secret') });
  for (const name of ['dns', 'dns', 'node-unknown', 'web-error'])
    await post(readFileSync(join(golden, `${name}.json`)));
  for (const body of ['', 'no push', '{"TestId": 1}', 'x'.repeat(40_000)]) await post(body);
  await ask(`${one.pushUrl}/nowhere`);
  for (const path of ['healthz', 'readyz', 'metrics', 'status', 'admin/spool', 'admin/dead-letters', 'nowhere'])
    await ask(`${one.adminUrl}/${path}`);
  await ask(`${one.adminUrl}/readyz`, { headers: { accept: 'text/plain' } });
  return answers;
}

/** Until both far sides have been asked with the secrets, and the log says that it was in vain. */
async function untilRefused(one: Started): Promise<void> {
  await one.line((line) => line.includes('the sink takes no points'));
  await one.line((line) => line.includes('the node refresh failed'));
}

function searched(t: ExecutionContext, secrets: readonly string[], found: Readonly<Record<string, string>>): void {
  for (const [where, text] of Object.entries(found)) {
    for (const secret of secrets) {
      for (const guise of guises(secret))
        t.false(text.includes(guise), `${secret} stands in ${where}: ${around(text, guise)}`);
    }
  }
}

const around = (text: string, guise: string): string =>
  text.slice(Math.max(0, text.indexOf(guise) - 200), text.indexOf(guise) + 100);

interface Given {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** The ways in which secrets are given. */
const ways: Readonly<
  Record<string, (t: ExecutionContext, tsdb: { port: number }, directory: string) => Promise<Given>>
> = {
  'as flags': async (_t, { port }) => ({
    args: [
      '-k',
      secretOf('key'),
      '-s',
      secretOf('secret'),
      '--api-key',
      secretOf('api-key'),
      '-t',
      `http://user:${secretOf('password')}@127.0.0.1:${port}`,
      '--tsdb-header',
      `Authorization: Bearer ${secretOf('header')}`,
      '--tsdb-header',
      `X-Scope: ${secretOf('scope')}`,
      '--push-token',
      secretOf('push-token'),
      '--rotation-secret',
      secretOf('rotation-secret'),
      '--backstop',
      '--backstop-listen',
      '127.0.0.1:0',
      '--backstop-auth',
      `user:${secretOf('backstop-auth')}`,
      '--github-secret',
      secretOf('github'),
      '--pagerduty-secret',
      secretOf('pagerduty'),
    ],
    secrets: [
      'key',
      'secret',
      'api-key',
      'password',
      'header',
      'scope',
      'push-token',
      'rotation-secret',
      'backstop-auth',
      'github',
      'pagerduty',
    ].map(secretOf),
  }),
  'in the environment': async (_t, { port }) => ({
    args: [],
    env: {
      [environmentNameOf('key')]: secretOf('key'),
      [environmentNameOf('secret')]: secretOf('secret'),
      [environmentNameOf('apiKey')]: secretOf('api-key'),
      [environmentNameOf('tsdbHost')]: `http://user:${secretOf('password')}@127.0.0.1:${port}/prefix`,
      [environmentNameOf('tsdbHeader')]: `X-Scope-OrgID: ${secretOf('scope')}`,
    },
    secrets: ['key', 'secret', 'api-key', 'password', 'scope'].map(secretOf),
  }),
  'in files': async (_t, { port }, directory) => {
    const files = await Promise.all(
      ['key', 'secret', 'api-key'].map(async (name) => {
        const path = join(directory, name);
        await writeFile(path, `${secretOf(name)}\n`);
        await chmod(path, 0o600);
        return [`--${name}-file`, path];
      }),
    );
    const config = join(directory, 'bridge.yaml');
    const tsdb = `tsdb-host: http://user:${secretOf('password')}@127.0.0.1:${port}`;
    await writeFile(config, `${tsdb}\ntsdb-header:\n  - "X-Scope-OrgID: ${secretOf('scope')}"\n`);
    return {
      args: [...files.flat(), '--config', config],
      secrets: ['key', 'secret', 'api-key', 'password', 'scope'].map(secretOf),
    };
  },
};

for (const [how, give] of Object.entries(ways)) {
  for (const format of ['json', 'text']) {
    e2e(`no secret that is given ${how} shows in the log as ${format}, in an answer or on the disk`, async (t) => {
      const catchpoint = await repeatingServer(t);
      const tsdb = await repeatingServer(t);
      const [stateDir, given] = await Promise.all([temporaryDirectory(t), temporaryDirectory(t)]);
      const { args, env = {}, secrets } = await give(t, tsdb, given);
      const common = [
        '--catchpoint-url',
        catchpoint.url,
        '--state-dir',
        stateDir,
        '--log-level',
        'debug',
        '--max-body-bytes',
        '32KiB',
      ];
      const one = await started(t, format, stateDir, [...common, ...args], env);
      const answers = await exercised(one);
      await untilRefused(one);
      answers.push(...(await exercised(one)));
      one.child.kill('SIGTERM');
      t.is(await one.ended, 0);
      const checked = program(t, ['check', ...common, '--log-format', format, ...args], env);
      await checked.ended;
      searched(t, secrets, {
        log: one.printed.join('\n'),
        answers: answers.join('\n'),
        check: checked.printed.join('\n'),
        ...Object.fromEntries(filesBelow(stateDir).map((path) => [path, readFileSync(path, 'latin1')])),
      });
      const sent = JSON.stringify([...catchpoint.headers, ...tsdb.headers]);
      const basic = Buffer.from(`user:${secretOf('password')}`).toString('base64');
      for (const used of [basic, secretOf('scope')])
        t.true(sent.includes(used), 'the secrets were sent to those whom they are for');
    });
  }
}

test('every secret there is is given in these tests', (t) => {
  const secrets = settingEntries
    .filter(([, { isSecret, redact }]) => isSecret === true || redact !== undefined)
    .map(([key]) => key);
  // A key of a hosted Graphite is a part of every metric's name, as it was in Backstop.
  const known = [
    'apiKey',
    'backstopAuth',
    'backstopKey',
    'githubSecret',
    'key',
    'pagerdutySecret',
    'pushToken',
    'rotationSecret',
    'secret',
    'tsdbHeader',
    'tsdbHost',
  ];
  t.deepEqual(secrets.toSorted(), known);
});
