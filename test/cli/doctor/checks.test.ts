// Each examination tells a sound bridge from one that is not, on real parts where they can be had.

import test, { type ExecutionContext } from 'ava';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../../src/runtime/clock.ts';
import { clockCheck } from '../../../src/cli/doctor/clock.ts';
import { keyCheck, tokenCheck } from '../../../src/cli/doctor/credentials.ts';
import { diskCheck } from '../../../src/cli/doctor/disk.ts';
import { nodesCheck, spoolCheck } from '../../../src/cli/doctor/storage.ts';
import { namesCheck } from '../../../src/cli/doctor/names.ts';
import { pushUrlCheck } from '../../../src/cli/doctor/push-url.ts';
import { limitsCheck } from '../../../src/cli/doctor/tsdb-limits.ts';
import type { Finding } from '../../../src/cli/probes/finding.ts';
import { catchpointProbe } from '../../../src/cli/probes/catchpoint.ts';
import { type ConfigRead, readConfig } from '../../../src/config/config.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { account } from '../../../src/simulator/rest/account.ts';
import { openRestApi } from '../../../src/simulator/rest/rest-api.ts';
import { openTsd, type TsdOptions } from '../../../src/simulator/tsd/tsd.ts';
import { world } from '../../../src/simulator/world/world.ts';
import { directoryFile } from '../../../src/sources/catchpoint/nodes/directory-file.ts';
import { openSpool } from '../../../src/spool/spool.ts';
import { certificate, privateKey } from '../../fakes/certificate.ts';
import { temporaryDirectory } from '../../fakes/directory.ts';
import { movableClock } from '../../fakes/time.ts';

const dayMs = 86_400_000;
const signal = new AbortController().signal;
const ambient = { clock: systemClock(), random: () => 0.5, signal, log: silentLog(), pid: 4711 };

function read(flags: Flags): ConfigRead {
  return readConfig({ flags, env: {}, readFile: () => 'hunter2', canWriteIn: () => true }, { needsNodes: false });
}

const brief = (findings: readonly Finding[]): string[] =>
  findings.map(({ what, grade, words, code }) =>
    [grade, ...(code === undefined ? [] : [code]), `${what}:`, words].join(' '),
  );

/** A web server of one answer, and its address. */
async function server(t: ExecutionContext, answer: RequestListener, tls = false): Promise<string> {
  const made = tls ? createTlsServer({ cert: certificate, key: privateKey }, answer) : createServer(answer);
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    made.closeAllConnections();
    made.close();
  });
  return `${tls ? 'https' : 'http'}://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

test('the clock is compared with the time that a server gives', async (t) => {
  const serverMs = Date.UTC(2026, 10, 18, 10);
  const url = await server(t, (_, response) => response.setHeader('Date', new Date(serverMs).toUTCString()).end());
  for (const [aheadMs, grade, words] of [
    [800, 'ok', 'agrees to about a second with'],
    [-20_000, 'warning', '20 s behind'],
    [900_000, 'fault', '900 s ahead of'],
  ] as const) {
    const [finding] = await clockCheck(read({ tsdbHost: [url] }).config, {
      ...ambient,
      clock: movableClock(serverMs + 500 + aheadMs),
    });
    t.like(finding, { grade, words: `${words} ${url}` });
  }
});

test('a clock that nobody gives a time for is not called right', async (t) => {
  const tsd = await openTsd();
  t.teardown(tsd.close);
  const silent = await server(t, (_, response) => {
    response.sendDate = false;
    response.end();
  });
  for (const flags of [{ fileMode: true }, { tsdbHost: [silent] }, { tsdbHost: ['127.0.0.1:1'] }]) {
    t.like((await clockCheck(read(flags).config, ambient))[0], { grade: 'unknown' });
  }
});

test('the disk has room or not, and its syncs are timed', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const [room, syncs] = await diskCheck(read({ stateDir, spoolMaxBytes: '1MiB' }).config, ambient);
  t.regex(room?.words ?? '', /^[\d.]+ [GTM]iB free; the spool may take 1\.0 MiB, and its files have 0 bytes$/);
  t.is(room?.grade, 'ok');
  t.regex(syncs?.words ?? '', /^a write is on disk after [\d.]+ ms$/);
  const [tooMuch] = await diskCheck(read({ stateDir, spoolMaxBytes: '8000TiB' }).config, ambient);
  t.is(tooMuch?.grade, 'warning');
  let nowMs = 0;
  const slow = { ...ambient, clock: { ...ambient.clock, steady: () => (nowMs += 30) } };
  t.like((await diskCheck(read({ stateDir }).config, slow))[1], {
    grade: 'warning',
    words: 'a write is on disk after 30.0 ms',
  });
});

test('a state directory that is not there, or is none, is told', async (t) => {
  const stateDir = join(await temporaryDirectory(t), 'state');
  t.like((await diskCheck(read({ stateDir }).config, ambient))[1], { grade: 'unknown' });
  await writeFile(stateDir, '');
  t.like((await diskCheck(read({ stateDir }).config, ambient))[1], { grade: 'fault', code: 74 });
});

test('the spool tells what waits, and dead letters are a warning', async (t) => {
  const stateDir = await temporaryDirectory(t);
  const given = read({ stateDir, spoolMaxBytes: '1MiB' });
  t.deepEqual(brief(await spoolCheck(given, ambient)), ['unknown spool: nothing is kept yet']);
  const spool = await openSpool({ directory: join(stateDir, 'spool'), maxBytes: 1 << 20, clock: ambient.clock });
  await spool.reader('opentsdb');
  await spool.append([{ metric: 'a.b', timestamp: 1_456_448_689, unit: 's', value: '1.0', tags: { nodeid: '1' } }], {
    deadLetter: { kind: 'implausible-time', reason: 'in 2099', raw: '{}' },
  });
  await spool.close();
  const found = brief(await spoolCheck(given, ambient));
  t.is(found[0], 'warning bridge: does not run in this state directory');
  t.regex(found[1] ?? '', /^ok spool: 1 points wait for opentsdb/);
  t.regex(found[2] ?? '', /^ok spool: \d+ bytes of 1\.0 MiB are in use$/);
  t.regex(found[3] ?? '', /^warning dead letters: 1, /);
});

test('a node directory that is older than two refreshes is a warning', async (t) => {
  const stateDir = await temporaryDirectory(t);
  t.deepEqual(brief(await nodesCheck(read({ stateDir }), ambient)), [
    'unknown node directory: none is kept yet; the first start reads it',
  ]);
  const clock = movableClock();
  await directoryFile({ stateDir, log: silentLog() }).write({
    refreshedAtMs: clock.now() - 30 * 3_600_000,
    nodes: [
      { id: 1, active: true },
      { id: 2, active: false, retiredAtMs: 5 },
    ],
  });
  const words = 'node directory: 2 nodes (1 of them retired), read 1 d 6 h ago';
  t.deepEqual(brief(await nodesCheck(read({ stateDir }), { ...ambient, clock })), [`ok ${words}`]);
  t.deepEqual(brief(await nodesCheck(read({ stateDir, refreshHours: '12' }), { ...ambient, clock })), [
    `warning ${words}`,
  ]);
});

test('names are looked up once each, addresses not at all', async (t) => {
  const asked: string[] = [];
  const lookup = async (name: string): Promise<string[]> => {
    asked.push(name);
    if (name === 'away.example')
      throw Object.assign(new Error('getaddrinfo ENOTFOUND away.example'), { code: 'ENOTFOUND' });
    return ['192.0.2.7'];
  };
  const { config } = read({ tsdbHost: ['a.example', 'a.example:4243', '[::1]:5', '127.0.0.1'], nodesFile: 'n' });
  const found = await namesCheck(config, { clock: movableClock(), lookup, pushUrl: 'https://away.example/x' });
  t.deepEqual(asked, ['a.example', 'away.example']);
  t.deepEqual(brief(found), ['ok name: a.example: 192.0.2.7, in 0 ms', 'fault 69 name: away.example: ENOTFOUND']);
});

const chunks = 'chunks off (max_chunk 4096)';
const cases: readonly (readonly [what: string, tsd: TsdOptions, flags: Flags, found: string])[] = [
  ['usual settings', {}, {}, `ok OpenTSDB limits: ${chunks}, auto_create_metrics on`],
  [
    'no new metrics, which we assign',
    { autoCreateMetrics: false },
    {},
    `ok OpenTSDB limits: ${chunks}, auto_create_metrics off`,
  ],
  [
    'no new metrics, and we may not',
    { autoCreateMetrics: false },
    { assignUids: false },
    'fault 78 OpenTSDB limits: tsd.core.auto_create_metrics is off: points of metrics that it does not know become dead letters',
  ],
  [
    'no new metrics by telnet',
    { autoCreateMetrics: false },
    { put: 'telnet' },
    'fault 78 OpenTSDB limits: tsd.core.auto_create_metrics is off: points of metrics that it does not know become dead letters',
  ],
  [
    'large requests without chunks',
    {},
    { putMaxBytes: '64KiB' },
    'warning OpenTSDB limits: requests above 8192 bytes are refused, and --put-max-bytes is 65536',
  ],
  [
    'large requests above max_chunk',
    { maxChunkBytes: 16_384 },
    { putMaxBytes: '64KiB' },
    'warning OpenTSDB limits: requests above 16384 bytes end without an answer, and --put-max-bytes is 65536',
  ],
  [
    'large requests that are taken',
    { maxChunkBytes: 65_536 },
    { putMaxBytes: '64KiB' },
    'ok OpenTSDB limits: chunks on (max_chunk 65536), auto_create_metrics on',
  ],
  ['a read-only one', { isReadOnly: true }, {}, 'fault 69 OpenTSDB limits: tsd.mode is ro: it takes no points'],
];
for (const [what, options, flags, found] of cases) {
  test(`the limits of an OpenTSDB: ${what}`, async (t) => {
    const tsd = await openTsd(options);
    t.teardown(tsd.close);
    const host = flags.put === 'telnet' ? tsd.url.replace('http://', '') : tsd.url;
    const findings = await limitsCheck(read({ ...flags, tsdbHost: [host] }).config, ambient);
    t.deepEqual(brief(findings), [found.replace('limits: ', `limits: ${tsd.url}: `)]);
  });
}

test('what tells no limits is not judged', async (t) => {
  const url = await server(t, (_, response) => response.end('<html>'));
  t.like((await limitsCheck(read({ tsdbHost: [url] }).config, ambient))[0], { grade: 'unknown' });
  t.deepEqual(await limitsCheck(read({ fileMode: true }).config, ambient), []);
});

test('credentials that are refused are another class than an API that is away', async (t) => {
  const api = await openRestApi({ ...account, clock: systemClock(), nodes: world({ count: 5 }) });
  t.teardown(api.close);
  const tried = async (flags: Flags): Promise<unknown[]> =>
    (await catchpointProbe(read(flags).config, ambient)).map(({ grade, code }) => [grade, code]);
  const { key, secret, apiKey } = account;
  t.deepEqual(await tried({ catchpointUrl: api.url, key, secret, apiKey }), [
    ['ok', undefined],
    ['ok', undefined],
  ]);
  t.deepEqual(await tried({ catchpointUrl: api.url, key, secret: 'wrong', apiKey: 'wrong' }), [
    ['fault', 77],
    ['fault', 77],
  ]);
  t.deepEqual(await tried({ catchpointUrl: 'http://127.0.0.1:1', apiKey }), [['fault', 69]]);
});

test('how long a key holds is told as far as it can be known', async (t) => {
  const nowMs = Date.UTC(2026, 10, 18);
  const path = join(await temporaryDirectory(t), 'key');
  await writeFile(path, 'k');
  const token = (days: number): string =>
    ['e30', Buffer.from(JSON.stringify({ exp: (nowMs + days * dayMs) / 1000 })).toString('base64url'), 'x'].join('.');
  const of = async (flags: Flags): Promise<string[]> => brief(await keyCheck(read(flags), nowMs));
  t.deepEqual(await of({ apiKey: token(200) }), ['ok Catchpoint key: the key holds 200 days more']);
  t.deepEqual(await of({ apiKey: token(5) }), ['warning Catchpoint key: the key holds 5 days more']);
  await utimes(path, nowMs / 1000, (nowMs - 720 * dayMs) / 1000);
  t.deepEqual(await of({ apiKeyFile: path }), [
    'warning Catchpoint key: by the age of its file the key holds at most 10 days more',
  ]);
  await utimes(path, nowMs / 1000, (nowMs - 800 * dayMs) / 1000);
  t.deepEqual(await of({ apiKeyFile: path }), ['warning Catchpoint key: the key should not hold any more']);
  t.regex((await of({ apiKey: 'a.b.c' }))[0] ?? '', /^unknown /);
  t.regex((await of({ key: 'a', secret: 'b' }))[0] ?? '', /^unknown /);
  t.regex((await of({}))[0] ?? '', /^fault 78 Catchpoint: there is nowhere to get the nodes from/);
  t.deepEqual(await of({ nodesFile: 'n' }), []);
});

test('without a token everybody may push, and that is a warning', (t) => {
  t.deepEqual(brief(tokenCheck(read({}))), ['warning who may push: everybody who knows the address']);
  const origins = [{ name: 'push-token-file', value: '/t', origin: 'bridge.yaml:3' }];
  t.like(tokenCheck({ ...read({}), origins })[0], { grade: 'ok', words: 'whoever has what push-token-file ask for' });
});

const answers: readonly (readonly [status: number, body: string, found: string])[] = [
  [
    400,
    '{"error":"TestId: expected an id, found nothing"}',
    'ok push URL: a bridge answered 400 in … ms to what is no push',
  ],
  [400, '<html>', 'warning push URL: answered 400 in … ms: that is not how a bridge answers what is no push'],
  [200, '', 'warning push URL: answered 200 in … ms: that is not how a bridge answers what is no push'],
  [301, '', 'fault 69 push URL: answered 301 in … ms: sends elsewhere, where agents may not follow'],
  [401, '{"error":"x"}', 'fault 77 push URL: answered 401 in … ms: not let in'],
  [404, '{"error":"x"}', 'fault 69 push URL: answered 404 in … ms: no push is taken there'],
  [502, 'Bad Gateway', 'fault 69 push URL: answered 502 in … ms'],
  [503, '{"error":"x"}', 'fault 69 push URL: answered 503 in … ms: pushes are refused now'],
];
for (const [status, body, found] of answers) {
  test(`a push URL that answers ${status} ${body}`, async (t) => {
    const methods: (string | undefined)[] = [];
    const url = await server(t, ({ method }, response) => {
      methods.push(method);
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    });
    const [answer, open, inside] = brief(
      await pushUrlCheck(`${url}/catchpoint/hunter2`, { ...ambient, lookup: async () => [] }),
    );
    t.deepEqual(methods, ['POST']);
    t.is(answer?.replace(/\d+ ms/, '… ms'), found);
    t.regex(open ?? '', /^warning push URL: not encrypted/);
    t.is(inside, 'warning push URL: 127.0.0.1: a private address');
  });
}

test('a push URL that cannot be reached, or is not given, is told without its token', async (t) => {
  t.like((await pushUrlCheck(undefined, { ...ambient, lookup: async () => [] }))[0], { grade: 'unknown' });
  const found = brief(
    await pushUrlCheck('http://127.0.0.1:1/catchpoint/hunter2', { ...ambient, lookup: async () => [] }),
  );
  t.regex(found[0] ?? '', /^fault 69 push URL: .*(ECONNREFUSED|ERR_SOCKET)/);
  t.notRegex(found.join(), /hunter2/);
});

test('the certificate of a push URL is looked at: whom it is for, how long, and whether it is believed', async (t) => {
  const url = await server(t, (_, response) => response.writeHead(400).end('{"error":"no push"}'), true);
  const found = brief(
    await pushUrlCheck(url.replace('127.0.0.1', 'localhost'), {
      ...ambient,
      lookup: async () => ['192.0.2.7', '127.0.0.1'],
    }),
  );
  t.is(found.length, 2);
  t.regex(found[0] ?? '', /^ok push URL: /);
  t.regex(
    found[1] ?? '',
    /^fault 69 push certificate: DNS:localhost, IP Address:127\.0\.0\.1: holds \d+ days more, but is not believed \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  );
});

test('an examination leaves nothing behind', async (t) => {
  const stateDir = await temporaryDirectory(t);
  await mkdir(join(stateDir, 'x'));
  await diskCheck(read({ stateDir }).config, ambient);
  t.deepEqual(await readdir(stateDir), ['x']);
});
