// The built program never shows a secret. It receives every secret in every way, fails with them, and everything that
// it prints, answers and writes is searched.

import test, { type ExecutionContext } from 'ava';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { settingEntries } from '../../src/config/settings/settings.ts';
import { environmentNameOf } from '../../src/config/settings/names.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { e2e } from './e2e.ts';
import { goldenPush } from './golden.ts';
import { type Bridge, program } from './program.ts';

/** Valid as a key, a password and a header. */
const secretOf = (what: string): string => `S3cret-of-${what}-x7Qz`;

/** Starts a server that answers every request with 401 and the request itself. */
async function echoingServer(
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

/** Returns the encodings in which a secret may appear. */
function encodingsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [secret, encodeURIComponent(secret), base64.slice(0, 20), Buffer.from(secret).toString('hex')];
}

function filesBelow(directory: string): string[] {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path));
  return paths.filter((path) => statSync(path).isFile());
}

type Started = Pick<Bridge, 'child' | 'ended' | 'printed' | 'line' | 'pushUrl' | 'adminUrl'>;

/** Starts the bridge, with either log format. */
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

/** Sends pushes with every outcome, and requests every path of the admin listener; returns all answers. */
async function exerciseAll(one: Started): Promise<string[]> {
  const answers: string[] = [];
  const ask = async (url: string, options: RequestInit = {}, accept = '*/*'): Promise<void> => {
    const answer = await fetch(url, { ...options, headers: { connection: 'close', accept } });
    answers.push(JSON.stringify([...answer.headers]), await answer.text());
  };
  const token = secretOf('push-token');
  const post = (body: string | Buffer, path = ''): Promise<void> =>
    ask(`${one.pushUrl}${path}/?token=${token}`, { method: 'POST', body });
  await ask(`${one.pushUrl}/?token=${token}-not`, { method: 'POST', body: '{}' });
  await ask(`${one.pushUrl}/catchpoint/token`, { method: 'POST', body: secretOf('rotation-secret') });
  for (const name of ['dns', 'dns', 'node-unknown', 'web-error']) await post(goldenPush(name));
  for (const body of ['', 'no push', '{"TestId": 1}', 'x'.repeat(40_000)]) await post(body);
  await ask(`${one.pushUrl}/nowhere`);
  for (const path of ['healthz', 'readyz', 'metrics', 'status', 'admin/spool', 'admin/dead-letters', 'nowhere'])
    await ask(`${one.adminUrl}/${path}`);
  await ask(`${one.adminUrl}/readyz`, {}, 'text/plain');
  return answers;
}

/** Resolves once both servers have refused the secrets. */
async function untilRefused(one: Started): Promise<void> {
  await one.line((line) => line.includes('the sink takes no points'));
  await one.line((line) => line.includes('the node refresh failed'));
}

function assertHidden(t: ExecutionContext, secrets: readonly string[], texts: Readonly<Record<string, string>>): void {
  for (const [where, text] of Object.entries(texts)) {
    for (const secret of secrets) {
      for (const encoded of encodingsOf(secret))
        t.false(text.includes(encoded), `${secret} is in ${where}: ${around(text, encoded)}`);
    }
  }
}

const around = (text: string, encoded: string): string =>
  text.slice(Math.max(0, text.indexOf(encoded) - 200), text.indexOf(encoded) + 100);

interface Options {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** The ways to configure secrets. */
const ways: Readonly<
  Record<string, (t: ExecutionContext, tsdb: { port: number }, directory: string) => Promise<Options>>
> = {
  'as flags': async (_t, { port }) => ({
    args: [
      ['-k', secretOf('key'), '-s', secretOf('secret'), '--api-key', secretOf('api-key')],
      ['-t', `http://user:${secretOf('password')}@127.0.0.1:${port}`],
      ['--tsdb-header', `Authorization: Bearer ${secretOf('header')}`],
      ['--tsdb-header', `X-Scope: ${secretOf('scope')}`],
      ['--push-token', secretOf('push-token'), '--rotation-secret', secretOf('rotation-secret')],
      ['--backstop', '--backstop-listen', '127.0.0.1:0', '--backstop-auth', `user:${secretOf('backstop-auth')}`],
      ['--github-secret', secretOf('github'), '--pagerduty-secret', secretOf('pagerduty')],
      ['--docker', `http://user:${secretOf('docker')}@127.0.0.1:${port}`],
      ['--backstop-sink', `http://user:${secretOf('backstop-sink')}@127.0.0.1:${port}/publish/x`],
    ].flat(),
    secrets:
      'key secret api-key password header scope push-token rotation-secret backstop-auth github pagerduty docker backstop-sink'
        .split(' ')
        .map(secretOf),
  }),
  'in the environment': async (_t, { port }) => ({
    args: [],
    env: {
      [environmentNameOf('key')]: secretOf('key'),
      [environmentNameOf('secret')]: secretOf('secret'),
      [environmentNameOf('apiKey')]: secretOf('api-key'),
      [environmentNameOf('tsdbHost')]: `http://user:${secretOf('password')}@127.0.0.1:${port}/prefix`,
      [environmentNameOf('tsdbHeader')]: `X-Scope-OrgID: ${secretOf('scope')}`,
      [environmentNameOf('docker')]: `tcp://user:${secretOf('docker')}@127.0.0.1:${port}/prefix`,
      [environmentNameOf('backstopSink')]: `http://user:${secretOf('backstop-sink')}@127.0.0.1:${port}/publish/x`,
    },
    secrets: ['key', 'secret', 'api-key', 'password', 'scope', 'docker', 'backstop-sink'].map(secretOf),
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
    e2e(`no secret ${how} appears in the log as ${format}, in an answer or on disk`, async (t) => {
      const catchpoint = await echoingServer(t);
      const tsdb = await echoingServer(t);
      const [stateDir, files] = await Promise.all([temporaryDirectory(t), temporaryDirectory(t)]);
      const { args, env = {}, secrets } = await give(t, tsdb, files);
      const limits = ['--log-level', 'debug', '--max-body-bytes', '32KiB'];
      const common = ['--catchpoint-url', catchpoint.url, '--state-dir', stateDir, ...limits];
      const one = await started(t, format, stateDir, [...common, ...args], env);
      const answers = await exerciseAll(one);
      await untilRefused(one);
      answers.push(...(await exerciseAll(one)));
      one.child.kill('SIGTERM');
      t.is(await one.ended, 0);
      const checked = program(t, ['check', ...common, '--log-format', format, ...args], env);
      await checked.ended;
      assertHidden(t, secrets, {
        log: one.printed.join('\n'),
        answers: answers.join('\n'),
        check: checked.printed.join('\n'),
        ...Object.fromEntries(filesBelow(stateDir).map((path) => [path, readFileSync(path, 'latin1')])),
      });
      const sent = JSON.stringify([...catchpoint.headers, ...tsdb.headers]);
      const basic = Buffer.from(`user:${secretOf('password')}`).toString('base64');
      for (const used of [basic, secretOf('scope')])
        t.true(sent.includes(used), 'the secrets are sent to their receivers');
    });
  }
}

test('these tests configure every secret', (t) => {
  const secrets = settingEntries
    .filter(([, { isSecret, redact }]) => isSecret === true || redact !== undefined)
    .map(([key]) => key);
  // The key of a hosted Graphite is part of every metric's name, as in Backstop.
  const known =
    'apiKey backstopAuth backstopKey backstopSink docker githubSecret key pagerdutySecret pushToken rotationSecret secret tsdbHeader tsdbHost';
  t.is(secrets.toSorted().join(' '), known);
});
