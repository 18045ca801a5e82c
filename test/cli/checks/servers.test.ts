// The checks of clock, names, OpenTSDB's limits and Catchpoint's credentials, on real servers where there are some.

import test from 'ava';
import { catchpointCheck } from '../../../src/cli/checks/catchpoint.ts';
import { clockCheck } from '../../../src/cli/checks/clock.ts';
import { nameCheck } from '../../../src/cli/checks/name-lookup.ts';
import { limitsCheck } from '../../../src/cli/checks/tsdb-limits.ts';
import type { Flags } from '../../../src/config/settings/origins.ts';
import { account } from '../../../src/simulator/rest/account.ts';
import { openRestApi } from '../../../src/simulator/rest/rest-api.ts';
import { openTsd, type TsdOptions } from '../../../src/simulator/tsd/tsd.ts';
import { world } from '../../../src/simulator/world/world.ts';
import { movableClock } from '../../fakes/time.ts';
import { configFrom } from '../context.ts';
import { checkContext, lines, webServer } from './check-context.ts';

test('the clock is compared with the Date header of a server', async (t) => {
  const serverMs = Date.UTC(2026, 10, 18, 10);
  const url = await webServer(t, (_, response) => response.setHeader('Date', new Date(serverMs).toUTCString()).end());
  for (const [aheadMs, grade, words] of [
    [800, 'ok', 'agrees to about a second with'],
    [-20_000, 'warning', '20 s behind'],
    [900_000, 'fault', '900 s ahead of'],
  ] as const) {
    const clock = movableClock(serverMs + 500 + aheadMs);
    const [finding] = await clockCheck(configFrom({ tsdbHost: [url] }), { ...checkContext, clock });
    t.like(finding, { grade, words: `${words} ${url}` });
  }
});

test('without a Date header the clock is not judged', async (t) => {
  const withoutDate = await webServer(t, (_, response) => {
    response.sendDate = false;
    response.end();
  });
  for (const flags of [{ fileMode: true }, { tsdbHost: [withoutDate] }, { tsdbHost: ['127.0.0.1:1'] }]) {
    t.like((await clockCheck(configFrom(flags), checkContext))[0], { grade: 'unknown' });
  }
});

test('each name is looked up once, and addresses are not', async (t) => {
  const names: string[] = [];
  const lookup = async (name: string): Promise<string[]> => {
    names.push(name);
    if (name === 'away.example')
      throw Object.assign(new Error('getaddrinfo ENOTFOUND away.example'), { code: 'ENOTFOUND' });
    return ['192.0.2.7'];
  };
  const read = configFrom({ tsdbHost: ['a.example', 'a.example:4243', '[::1]:5', '127.0.0.1'], nodesFile: 'n' });
  const context = { ...checkContext, clock: movableClock(), lookup, pushUrl: 'https://away.example/x' };
  const found = await nameCheck(read, context);
  t.deepEqual(names, ['a.example', 'away.example']);
  t.deepEqual(lines(found), ['ok name: a.example: 192.0.2.7, in 0 ms', 'fault 69 name: away.example: ENOTFOUND']);
});

const noNewMetrics =
  'fault 78: tsd.core.auto_create_metrics is off: points of metrics that it does not know become dead letters';
const largePuts = { putMaxBytes: '64KiB' };
const limits: readonly (readonly [what: string, tsd: TsdOptions, flags: Flags, found: string])[] = [
  ['the defaults', {}, {}, 'ok: chunks off (max_chunk 4096), auto_create_metrics on'],
  [
    'no new metrics, and the bridge assigns them',
    { autoCreateMetrics: false },
    {},
    'ok: chunks off (max_chunk 4096), auto_create_metrics off',
  ],
  ['no new metrics, and the bridge does not', { autoCreateMetrics: false }, { assignUids: false }, noNewMetrics],
  ['no new metrics by telnet', { autoCreateMetrics: false }, { put: 'telnet' }, noNewMetrics],
  [
    'large requests without chunks',
    {},
    largePuts,
    'warning: requests above 8192 bytes are refused, and --put-max-bytes is 65536',
  ],
  [
    'large requests above max_chunk',
    { maxChunkBytes: 16_384 },
    largePuts,
    'warning: requests above 16384 bytes end without an answer, and --put-max-bytes is 65536',
  ],
  [
    'large requests that are accepted',
    { maxChunkBytes: 65_536 },
    largePuts,
    'ok: chunks on (max_chunk 65536), auto_create_metrics on',
  ],
  ['read-only', { isReadOnly: true }, {}, 'fault 69: tsd.mode is ro: it takes no points'],
];
for (const [what, options, flags, found] of limits) {
  test(`the limits of an OpenTSDB: ${what}`, async (t) => {
    const tsd = await openTsd(options);
    t.teardown(tsd.close);
    const host = flags.put === 'telnet' ? tsd.url.replace('http://', '') : tsd.url;
    const findings = await limitsCheck(configFrom({ ...flags, tsdbHost: [host] }), checkContext);
    t.deepEqual(lines(findings), [found.replace(':', ` OpenTSDB limits: ${tsd.url}:`)]);
  });
}

test('a server without /api/config is not judged', async (t) => {
  const url = await webServer(t, (_, response) => response.end('<html>'));
  t.like((await limitsCheck(configFrom({ tsdbHost: [url] }), checkContext))[0], { grade: 'unknown' });
  t.deepEqual(await limitsCheck(configFrom({ fileMode: true }), checkContext), []);
});

test('refused credentials are a fault of another class than an unavailable API', async (t) => {
  const api = await openRestApi({ ...account, clock: checkContext.clock, nodes: world({ count: 5 }) });
  t.teardown(api.close);
  const classes = async (flags: Flags): Promise<unknown[]> =>
    (await catchpointCheck(configFrom(flags), checkContext)).map(({ grade, code }) => [grade, code].join(' ').trim());
  t.deepEqual(await classes({ ...account, catchpointUrl: api.url }), ['ok', 'ok']);
  t.deepEqual(await classes({ catchpointUrl: api.url, key: account.key, secret: 'wrong', apiKey: 'wrong' }), [
    'fault 77',
    'fault 77',
  ]);
  t.deepEqual(await classes({ catchpointUrl: 'http://127.0.0.1:1', apiKey: account.apiKey }), ['fault 69']);
});
