// The Containerfile: the files that it copies, the user of the image, and its health check.

import test from 'ava';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from '../fakes/directory.ts';

const root = new URL('../../../', import.meta.url).pathname;
const file = readFileSync(join(root, 'contrib/container/Containerfile'), 'utf8').replaceAll('\\\n', ' ');
const instructions = file.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const argumentsOf = (name: string, lines = instructions): string[] =>
  lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1).trim());
const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

test('every copied file exists, and is not ignored', (t) => {
  const letThrough = readFileSync(join(root, 'contrib/container/Containerfile.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const copied = argumentsOf('COPY')
    .filter((given) => !given.startsWith('--from'))
    .flatMap((given) => given.split(/\s+/).slice(0, -1));
  t.true(copied.length >= 5);
  for (const path of copied) {
    t.true(existsSync(join(root, path)), path);
    t.true(letThrough.includes(`!${path.replace('./', '')}`), path);
  }
});

test('the image runs as an unprivileged user, which owns the state directory only', (t) => {
  t.regex(argumentsOf('USER', lastStage)[0] ?? '', /^[1-9]\d{3,}:[1-9]\d{3,}$/);
  const [stateDir] = argumentsOf('VOLUME', lastStage);
  t.deepEqual(argumentsOf('RUN', lastStage), [`install -d -o 10001 -g 10001 -m 0700 ${stateDir}`]);
  t.true(lastStage.some((line) => line.includes(`CATCHPOINT_BRIDGE_STATE_DIR=${stateDir}`)));
});

test('the image has no tests and no development dependencies', (t) => {
  t.true(argumentsOf('RUN').some((given) => given.includes('npm prune --ignore-scripts --omit=dev')));
  t.false(argumentsOf('COPY', lastStage).some((given) => /\btest\b/.test(given)));
});

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

function healthCheck(stateDir: string): Promise<Ended> {
  const env = { ...process.env, CATCHPOINT_BRIDGE_STATE_DIR: stateDir };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'contrib/container/healthy.mjs')],
      { env },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode ?? -1, stderr }),
    );
  });
}

for (const [status, code] of [
  [200, 0],
  [503, 1],
] as const) {
  test(`the health check exits ${code} when /healthz answers ${status}`, async (t) => {
    const requested: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      requested.push(request.url);
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const stateDir = await temporaryDirectory(t);
    await writeFile(
      join(stateDir, 'listening.json'),
      JSON.stringify({ admin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
    );
    t.like(await healthCheck(stateDir), { code });
    t.deepEqual(requested, ['/healthz']);
  });
}

test('the health check exits 1 if nothing listens, or there is no listening.json', async (t) => {
  const stateDir = await temporaryDirectory(t);
  t.like(await healthCheck(stateDir), { code: 1 });
  await writeFile(join(stateDir, 'listening.json'), '{"admin":"http://127.0.0.1:1"}');
  const { code, stderr } = await healthCheck(stateDir);
  t.is(code, 1);
  t.regex(stderr, /fetch failed/);
});
