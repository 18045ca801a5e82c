// The built program with several sources and sinks: as a replacement of Backstop, and with Catchpoint and Backstop at
// once.

import type { ExecutionContext } from 'ava';
import { temporaryDirectory } from '../fakes/directory.ts';
import { fakeTsd } from '../fakes/tsd.ts';
import { type CarbonCache, carbonCache } from './carbon-cache.ts';
import { e2e } from './e2e.ts';
import { golden } from './golden.ts';
import { bridge, nodesAndState, program, untilDelivered, untilNodes, untilStatus } from './program.ts';

/** @param user - `user:password` */
async function post(url: string, body: string, user?: string): Promise<number> {
  const headers = {
    connection: 'close',
    ...(user !== undefined && { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
  };
  const answer = await fetch(url, { method: 'POST', body, headers });
  await answer.arrayBuffer();
  return answer.status;
}

const secondsNow = (): number => Math.floor(Date.now() / 1000) - 60;

async function assertStored(
  t: ExecutionContext,
  carbon: CarbonCache,
  seconds: number,
  expected: readonly (readonly [path: string, value: number])[],
): Promise<void> {
  for (const [path, value] of expected) t.is(await carbon.value(path, seconds), value, path);
  t.is(await carbon.seriesCount(), expected.length, 'nothing else');
}

e2e("with Backstop's configuration unchanged the paths in Carbon are the same", async (t) => {
  const carbon = await carbonCache(t);
  const seconds = secondsNow();
  const time = new Date(seconds * 1000).toISOString();
  // Backstop's variables. The others keep this test apart from what else runs on the machine.
  const env = {
    CARBON_URLS: `carbon://127.0.0.1:${carbon.port}`,
    PREFIXES: 'test,prod',
    API_KEY: '12345',
    BACKSTOP_AUTH: 'a:b,u:p',
    PORT: '127.0.0.1:0',
  };
  const one = program(t, [], {
    ...env,
    HOME: await temporaryDirectory(t),
    CATCHPOINT_BRIDGE_STATE_DIR: await temporaryDirectory(t),
    CATCHPOINT_BRIDGE_LOG_FORMAT: 'json',
  });
  const { backstop: url } = JSON.parse(await one.line((line) => line.includes('"msg":"ready"'))) as {
    readonly backstop: string;
  };
  t.is((await fetch(`${url}/health`)).status, 200);
  t.is(await post(`${url}/publish/test`, '{}'), 401);
  const send = async (path: string, body: unknown): Promise<boolean> =>
    t.is(await post(url + path, typeof body === 'string' ? body : JSON.stringify(body), 'u:p'), 200, path);
  const list = { host: 'web1.prod.eu.example.com', time: seconds + 0.123 };
  await send('/publish/test', [
    { metric: 'bar', value: 12345, measure_time: seconds },
    { metric: 'a/b(c)[d]*"e"', value: -1.5, measure_time: seconds },
  ]);
  await send('/publish/prod', { metric: 'foo..x', value: '2', measure_time: String(seconds) });
  await send('/collectd', [
    { ...list, plugin: 'cpu', plugin_instance: '3', type: 'cpu', type_instance: 'user', values: [9007199254740993] },
    { ...list, plugin: 'load', plugin_instance: '', type: 'load', type_instance: '', values: [0.5, 0.25, 0.125] },
    { ...list, plugin: 'processes', plugin_instance: 'nginx', type: 'ps_count', type_instance: '', values: [5, 9] },
  ]);
  await send('/collectd', `PUTVAL web1DOTusDASHeastDOTprodDOT42/users/users interval=2.000 ${seconds}.5:7\r\n`);
  const commit = { id: 'abc123', timestamp: time, author: { email: 'ann.lee+gh@mail.example.org' } };
  await send(
    '/github',
    `payload=${encodeURIComponent(JSON.stringify({ ref: 'refs/heads/feature/login-2', repository: { name: 'web.app' }, commits: [commit] }))}`,
  );
  await send('/pagerduty', `service[name]=Pingdom&incident_key=www.example.com+(EU)++checkout&created_on=${time}`);
  await assertStored(t, carbon, seconds, [
    ['12345.test.bar', 12345],
    ['12345.test.a/b(c)[d]*"e"', -1.5],
    ['12345.prod.foo.x', 2],
    ['12345.mitt.web1-prod-eu.example.com.cpu.3.user', 9007199254740992],
    ['12345.mitt.web1-prod-eu.example.com.load.1m', 0.5],
    ['12345.mitt.web1-prod-eu.example.com.load.5m', 0.25],
    ['12345.mitt.web1-prod-eu.example.com.load.15m', 0.125],
    ['12345.mitt.web1-prod-eu.example.com.processes.nginx.ps_count.num_proc', 5],
    ['12345.mitt.web1-prod-eu.example.com.processes.nginx.ps_count.num_thread', 9],
    ['12345.mitt.web1-us-east.prod.42.users', 7],
    ['12345.github.web.app.refs.heads.feature.login-2.ann-lee+gh-mail-example-org.abc123', 1],
    ['12345.alerts.pingdom.www_example_com.EU.checkout', 1],
  ]);
});

e2e(
  'Catchpoint and Backstop write to OpenTSDB and Carbon; an outage of Carbon does not delay OpenTSDB, and Carbon gets everything after it',
  async (t) => {
    const [carbon, tsd] = await Promise.all([carbonCache(t), fakeTsd(t)]);
    await carbon.kill('SIGTERM');
    const sinks = ['-t', tsd.url, '--graphite', `127.0.0.1:${carbon.port}`];
    const sources = ['--backstop', '--backstop-listen', '127.0.0.1:0', '--backstop-prefixes', 'test'];
    const one = await bridge(t, [...sinks, ...sources, ...(await nodesAndState(t))]);
    const backstop = one.backstopUrl ?? '';
    await untilNodes(one);
    const seconds = secondsNow();
    const publish = (value: number): Promise<number> =>
      post(`${backstop}/publish/test`, `{"metric":"m${value}","value":${value},"measure_time":${seconds}}`);
    t.is(await one.push(golden('catchpoint/ns1-sample.json')), 200);
    t.is(await publish(1), 200);
    const away = await untilStatus(
      one,
      ({ sinks: [first, second] }) => first?.backlog.points === 0 && second?.lastError !== undefined,
    );
    t.deepEqual(
      away.sinks.map(({ accepted, backlog }) => [accepted, backlog.points]),
      [
        [15, 0],
        [0, 15],
      ],
      'OpenTSDB has every point, and Carbon none',
    );
    t.is(tsd.points().length, 15);
    await carbon.start();
    t.is(await publish(2), 200);
    await untilDelivered(one);
    const expected = golden('graphite/ns1-sample.tagged')
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    for (const [name = '', value, at] of expected) t.is(await carbon.value(name, Number(at)), Number(value), name);
    for (const value of [1, 2]) t.is(await carbon.value(`test.m${value}`, seconds), value);
    t.is(await carbon.seriesCount(), 16);
    t.is(tsd.points().length, 16);
  },
);
