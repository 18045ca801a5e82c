// The built program on the open internet: tokens and TLS on the push listener, and no secret in its output.

import test, { type ExecutionContext } from 'ava';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { certificate, privateKey } from '../fakes/certificate.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { golden } from './golden.ts';
import { bridge, commandOutcome, nodesAndState, program, untilNodes } from './program.ts';

const body = golden('catchpoint/dns.json');
const secrets = {
  CATCHPOINT_BRIDGE_PUSH_TOKEN: 'push-token-one-0123456789,push-token-two-0123456789',
  CATCHPOINT_BRIDGE_ROTATION_SECRET: 'rotation-secret-0123456789',
  CATCHPOINT_BRIDGE_KEY: 'rest-key-0123456789',
  CATCHPOINT_BRIDGE_SECRET: 'rest-secret-0123456789',
  CATCHPOINT_BRIDGE_API_KEY: 'rest-api-key-0123456789',
};
const fileToken = 'file-token-0123456789';
const rotated = 'rotated-token-0123456789';
const wrong = 'wrong-token-0123456789';
const all = [...Object.values(secrets).flatMap((text) => text.split(',')), fileToken, rotated, wrong];

async function optionsOf(t: ExecutionContext) {
  const stateDir = await temporaryDirectory(t);
  const files = await temporaryDirectory(t);
  const [cert, key, tokens] = ['cert', 'key', 'tokens'].map((name) => join(files, name)) as [string, string, string];
  await writeFile(cert, certificate);
  await writeFile(key, privateKey);
  await writeFile(tokens, `# tokens\n${fileToken}\n`);
  const common = ['-f', '--catchpoint-url', 'http://127.0.0.1:1', '--log-level', 'debug'];
  const args = [...common, ...(await nodesAndState(t, stateDir)), '--tls-cert', cert, '--tls-key', key];
  return { stateDir, cert, args: [...args, '--push-token-file', tokens] };
}

function post(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  text = body,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method: 'POST', ca: certificate, agent: false, headers }, (answer) => {
      let received = JSON.stringify(answer.headers);
      answer.on('data', (data: Buffer) => void (received += data.toString()));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text: received }));
    });
    sent.once('error', reject).end(text);
  });
}

test.serial('no secret appears in anything that is printed, answered or stored', async (t) => {
  const { stateDir, args } = await optionsOf(t);
  const one = await bridge(t, args, secrets);
  await untilNodes(one);
  const answers = [
    await post(one.pushUrl, '/catchpoint/push-token-one-0123456789'),
    await post(one.pushUrl, '/?token=push-token-two-0123456789', {}, 'no push'),
    await post(one.pushUrl, '/', { authorization: `Bearer ${fileToken}` }),
    await post(
      one.pushUrl,
      '/catchpoint/token',
      { authorization: 'Bearer rotation-secret-0123456789' },
      JSON.stringify({ token: rotated }),
    ),
    await post(one.pushUrl, `/catchpoint/${rotated}`),
    await post(one.pushUrl, `/catchpoint/${wrong}`),
    await post(one.pushUrl, '/catchpoint/token', { authorization: `Bearer ${wrong}` }),
    await post(one.pushUrl, `/nowhere?token=${fileToken}`),
  ];
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 400, 200, 200, 200, 401, 401, 404],
  );
  const health = await (await fetch(`${one.adminUrl}/healthz`)).text();
  await one.stop();
  const check = program(t, ['check', ...args, '-t', '127.0.0.1:1'], secrets);
  await check.ended;
  const stored = await Promise.all(
    (await readdir(stateDir, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
  const places = {
    printed: one.printed.join('\n'),
    answered: answers.map(({ text }) => text).join('\n'),
    health,
    checked: check.printed.join('\n'),
    stored: stored.join('\n'),
  };
  t.true(places.printed.length > 0 && places.checked.includes('push-token') && places.stored.length > 0);
  for (const [place, text] of Object.entries(places))
    t.deepEqual(
      all.filter((secret) => text.includes(secret)),
      [],
      place,
    );
  t.is((await stat(join(stateDir, 'push-tokens.json'))).mode & 0o777, 0o600);
});

test.serial(
  'a replay to the bridge of its state directory needs no token, and passes TLS and the check of the sender',
  async (t) => {
    const { stateDir, cert, args } = await optionsOf(t);
    const one = await bridge(t, [...args, '--check-sender', 'enforce'], {
      CATCHPOINT_BRIDGE_PUSH_TOKEN: secrets.CATCHPOINT_BRIDGE_PUSH_TOKEN,
    });
    await untilNodes(one);
    const pushes = join(await temporaryDirectory(t), 'pushes');
    await writeFile(pushes, `${JSON.stringify(JSON.parse(body))}\n`);
    const replay = await commandOutcome(t, 'replay', pushes, '-f', '--state-dir', stateDir);
    t.is(replay.exitCode, 0, replay.lines.join('\n'));
    t.like((await one.status()).pushes, { taken: 1, denied: 0 });
    const outside = program(t, ['replay', pushes, '-f', '--state-dir', stateDir, '--to', `${one.pushUrl}/`], {
      NODE_EXTRA_CA_CERTS: cert,
    });
    t.is(await outside.ended, 69);
    t.true(
      outside.printed.some((line) => line.includes('answers 401')),
      outside.printed.join('\n'),
    );
    await one.stop();
  },
);

test.serial("a push from an address that is not its node's is answered 403, and not stored", async (t) => {
  const { args } = await optionsOf(t);
  const one = await bridge(t, [...args, '--check-sender', 'enforce', '--trusted-proxies', '127.0.0.1'], secrets);
  await untilNodes(one);
  const path = '/catchpoint/push-token-one-0123456789';
  const run = (nodeId: number): string => JSON.stringify({ ...(JSON.parse(body) as object), NodeId: nodeId });
  t.is((await post(one.pushUrl, path, { 'x-forwarded-for': '198.51.100.1' }, run(1))).status, 403);
  t.is((await post(one.pushUrl, path, { 'x-forwarded-for': '203.0.113.10' }, run(1))).status, 200);
  t.like((await one.status()).pushes, { taken: 1, denied: 1, malformed: 0 });
  await one.stop();
});

test.serial('invalid tokens and certificates end the start before anything is opened', async (t) => {
  const { cert, args } = await optionsOf(t);
  const ended = async (more: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const one = program(t, ['-l', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', ...args, ...more], env);
    return [await one.ended, one.printed.join('\n')] as const;
  };
  const [code, text] = await ended(['--push-token', 'short']);
  t.is(code, 64);
  t.regex(text, /--push-token: expected a token of 16 to 512 characters.*found 5/);
  const [mismatch, message] = await ended(['--tls-key', cert]);
  t.is(mismatch, 78);
  t.regex(message, /tls-key: /);
  const [alone, hint] = await ended([], { CATCHPOINT_BRIDGE_TRUSTED_PROXIES: 'nowhere' });
  t.is(alone, 78);
  t.regex(hint, /CATCHPOINT_BRIDGE_TRUSTED_PROXIES: expected an address or a network such as/);
});

test.serial('a token on the command line is logged as a warning', async (t) => {
  const { args } = await optionsOf(t);
  const one = await bridge(t, [...args, '--push-token', 'push-token-one-0123456789']);
  t.true(one.printed.some((line) => line.includes('--push-token: visible in the process list; use --push-token-file')));
  t.false(one.printed.join('\n').includes('push-token-one'));
  await one.stop();
});
