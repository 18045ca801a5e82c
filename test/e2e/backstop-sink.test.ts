// Two built programs: a bridge publishes to another one over a gateway that fails in several ways. Nothing is lost, and the
// second one stores each point once.

import type { ExecutionContext } from 'ava';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { temporaryDirectory } from '../fakes/directory.ts';
import { fakeTsd } from '../fakes/tsd.ts';
import { e2e } from './e2e.ts';
import { type Bridge, bridge, commandOutcome, untilDelivered } from './program.ts';

const modes = ['refuse', 'reset', 'lose the answer', 'cut the answer'] as const;
type Mode = 'pass' | (typeof modes)[number];

interface Gateway {
  readonly url: string;
  /** Forwards to this address. */
  to(url: string): void;
  set(mode: Mode): void;
  /** Resolves once it has failed a request in the present mode. */
  failed(): Promise<void>;
}

/** Forwards requests, and answers as the mode says. */
async function gateway(t: ExecutionContext, firstUrl: string): Promise<Gateway> {
  let [target, mode]: [string, Mode] = [firstUrl, 'pass'];
  let failures = 0;
  let watchers: (() => void)[] = [];
  function fail(response: ServerResponse, answer: string | undefined): void {
    if (mode === 'refuse') response.writeHead(503, { 'retry-after': '1' }).end('full');
    else if (mode === 'cut the answer')
      response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n${answer?.slice(0, 10)}`);
    else response.socket?.resetAndDestroy();
    failures += 1;
    for (const watcher of watchers.splice(0)) watcher();
  }
  const server = createServer((request, response) => {
    const { url = '', method = '', headers } = request;
    const forward = async (): Promise<void> => {
      const body = await buffer(request);
      if (mode === 'refuse' || mode === 'reset') return fail(response, undefined);
      const { authorization = '' } = headers;
      const headersOn = { authorization, connection: 'close' };
      const answer = await fetch(target + url, { method, headers: headersOn, ...(method === 'POST' && { body }) });
      const text = await answer.text();
      if (mode !== 'pass') return fail(response, text);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
      return undefined;
    };
    forward().catch(() => response.socket?.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://user:pass-word@127.0.0.1:${(server.address() as AddressInfo).port}/publish/site`,
    to: (url) => void (target = url),
    set(next) {
      mode = next;
      failures = 0;
    },
    async failed() {
      while (failures === 0) await new Promise<void>((resolve) => watchers.push(resolve));
    },
  };
}

const naming = ['--no-catchpoint', '--backstop', '--backstop-listen', '127.0.0.1:0', '--backstop-naming', 'tags'];
const seconds = Math.floor(Date.now() / 1000) - 600;
/** Above 2^53, where a JavaScript number has not every integer. */
const valueOf = (index: number): string => String(66_161_895_600_000_001n + BigInt(index));

/** Publishes a record of two points. */
async function publish({ backstopUrl }: Bridge, index: number): Promise<number> {
  const elements = ['cpu', 'memory'].map(
    (name) => `{"metric":"${name}","value":${valueOf(index)},"measure_time":${seconds + index},"tags":{"host":"web1"}}`,
  );
  const body = `[${elements.join(',')}]`;
  const answer = await fetch(`${backstopUrl}/publish/in`, { method: 'POST', body, headers: { connection: 'close' } });
  await answer.arrayBuffer();
  return answer.status;
}

/** Deliveries that were stored before, since the start. */
async function duplicatesOf({ adminUrl }: Bridge): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/deliveries_total\{[^}]*outcome="duplicate"[^}]*\} (\d+)/.exec(text)?.[1]);
}

e2e(
  'points that a bridge publishes to another one arrive once, over faults, a kill and restarts of both',
  async (t) => {
    const tsd = await fakeTsd(t);
    const [stateOfNear, stateOfFar] = [await temporaryDirectory(t), await temporaryDirectory(t)];
    const startFar = (): Promise<Bridge> =>
      bridge(t, [...naming, '--state-dir', stateOfFar, '--backstop-prefixes', 'site', '-t', tsd.url], {
        CATCHPOINT_BRIDGE_BACKSTOP_AUTH: 'user:pass-word',
      });
    const far = await startFar();
    const between = await gateway(t, String(far.backstopUrl));
    const startNear = (): Promise<Bridge> =>
      bridge(
        t,
        [
          ...naming,
          '--state-dir',
          stateOfNear,
          '--backstop-prefixes',
          'in',
          '--no-opentsdb',
          '--backstop-sink-names',
          'tags',
        ],
        { CATCHPOINT_BRIDGE_BACKSTOP_SINK: between.url },
      );
    const near = await startNear();
    let count = 0;
    const publishMore = async (to: Bridge, records: number): Promise<void> => {
      for (let more = 0; more < records; more += 1, count += 1) t.is(await publish(to, count), 200);
    };
    await publishMore(near, 3);
    for (const mode of modes) {
      between.set(mode);
      await publishMore(near, 4);
      await between.failed();
    }
    // The far bridge has stored what the near one does not know to be stored.
    between.set('lose the answer');
    await publishMore(near, 5);
    await between.failed();
    near.child.kill('SIGKILL');
    await near.ended;
    await untilDelivered(far);
    const { backstop: before } = await far.status();
    await far.stop();

    const farAgain = await startFar();
    between.to(String(farAgain.backstopUrl));
    const nearAgain = await startNear();
    between.set('pass');
    await publishMore(nearAgain, 3);
    const { sinks } = await untilDelivered(nearAgain);
    t.is(sinks[0]?.rejected, 0);
    const after = await untilDelivered(farAgain);
    const expected = Array.from({ length: count }, (_, index) =>
      ['cpu', 'memory'].map((name) => `site.in.${name} ${seconds + index} ${valueOf(index)} {"host":"web1"}`),
    );
    const stored = tsd
      .points()
      .map(({ metric, timestamp, value, tags }) => [metric, timestamp, value, JSON.stringify(tags)].join(' '));
    t.deepEqual(stored.toSorted(), expected.flat().toSorted());
    t.is(Number(before?.['accepted']) + Number(after.backstop?.['accepted']), 2 * count, 'each element once');
    t.true((await duplicatesOf(farAgain)) > 0, 'records came again after the restarts');
    const output = [near, far, nearAgain, farAgain].flatMap(({ printed }) => printed).join('\n');
    t.notRegex(output, /pass-word|dXNlcjpwYXNzLXdvcmQ/);

    const args = [
      'check',
      '--state-dir',
      await temporaryDirectory(t),
      '--no-catchpoint',
      '--backstop',
      '--no-opentsdb',
    ];
    const good = await commandOutcome(t, ...args, '--backstop-sink', between.url);
    t.is(good.exitCode, 0, good.lines.join('\n'));
    t.regex(good.lines.join('\n'), /\/publish\/site: a bridge, which names rejected points, healthy, answered in/);
    const bad = await commandOutcome(t, ...args, '--backstop-sink', between.url.replace('pass-word', 'secret-one'));
    t.is(bad.exitCode, 69);
    t.regex(bad.lines.join('\n'), /answered 401, user and password in the URL are missing or wrong/);
    t.notRegex([...good.lines, ...bad.lines].join('\n'), /pass-word|secret-one/);
  },
);
