// The `simulate` command: pushes to a target, says how it goes, and ends with an exit code that says how it went.

import test, { type ExecutionContext } from 'ava';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { simulate, type SimulateOptions } from '../../src/cli/demo/simulate.ts';
import { seeded } from '../../src/simulator/seeded.ts';

interface Target {
  readonly url: string;
  readonly bodies: readonly string[];
}

/**
 * Answers every push with one status, and calls `onPush` after each. A push on a connection that was used before shows that
 * the answer to the one before it has been read.
 */
async function target(
  t: ExecutionContext,
  status: number,
  onPush: (pushes: number, isAfterAnswer: boolean) => void,
): Promise<Target> {
  const bodies: string[] = [];
  const used = new WeakSet();
  const answer: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(status).end();
      onPush(bodies.length, used.has(request.socket));
      used.add(request.socket);
    });
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies };
}

function simulated(options: Partial<SimulateOptions> & Pick<SimulateOptions, 'target' | 'signal'>): {
  ended: Promise<number>;
  text: () => string;
} {
  let text = '';
  const write = (more: string): void => void (text += more);
  return {
    ended: simulate({ clock: systemClock(), random: seeded(1), rate: 200, write, ...options }),
    text: () => text,
  };
}

test('pushes until the signal, and ends with 0', async (t) => {
  const end = new AbortController();
  const { url, bodies } = await target(t, 200, (pushes, isAfterAnswer) => pushes >= 20 && isAfterAnswer && end.abort());
  const { ended, text } = simulated({ target: url, signal: end.signal });
  t.is(await ended, 0);
  t.true(bodies.length >= 20);
  t.true(bodies.every((body) => (JSON.parse(body) as { readonly Summary?: unknown }).Summary !== undefined));
  t.regex(text(), /^300 nodes run 10 tests, /);
  const answered = Number(/answered 200 +(\d+)\n/.exec(text())?.[1]);
  t.true(answered > 0 && answered <= bodies.length);
});

test('says every second how it goes', async (t) => {
  const end = new AbortController();
  const { url } = await target(t, 200, () => {});
  let lines = '';
  const write = (text: string): void => {
    lines += text;
    if (text.includes('pushes/s')) end.abort();
  };
  const { ended } = simulated({ target: url, signal: end.signal, write });
  await ended;
  t.regex(lines, /^ +0:\d\d +\d+ pushes\/s +200: \d+ +answers p50 [^ ]+( ms)?, p99 /m);
});

test('ends by itself after the seconds it was given', async (t) => {
  let passed = (): void => {};
  const seconds = new Promise<void>((resolve) => void (passed = resolve));
  const { url, bodies } = await target(t, 200, (_, isAfterAnswer) => isAfterAnswer && passed());
  const clock = systemClock();
  const sleep: Clock['sleep'] = (ms, options) => (ms === 3_600_000 ? seconds : clock.sleep(ms, options));
  const { ended } = simulated({
    target: url,
    signal: new AbortController().signal,
    seconds: 3600,
    clock: { ...clock, sleep },
  });
  t.is(await ended, 0);
  t.true(bodies.length > 0);
});

test('ends with 69 when no push was answered 200', async (t) => {
  const end = new AbortController();
  const { url } = await target(t, 503, (pushes) => pushes === 5 && end.abort());
  const { ended, text } = simulated({ target: url, signal: end.signal });
  t.is(await ended, 69);
  t.regex(text(), /answered 200 +0\nrefused +\d+\n/);
});

test('pushes the template, few nodes and few tests when told to', async (t) => {
  const end = new AbortController();
  const { url, bodies } = await target(t, 200, (pushes) => pushes === 30 && end.abort());
  await simulated({ target: url, signal: end.signal, template: true, nodes: 5, tests: 2, seed: 4 }).ended;
  const pushes = bodies.map((body) => JSON.parse(body) as Readonly<Record<string, string>>);
  t.true(pushes.every(({ schema }) => schema === 'cp-tsdb-1'));
  t.is(new Set(pushes.map(({ TestId }) => TestId)).size, 2);
  t.true(new Set(pushes.map(({ NodeId }) => NodeId)).size <= 5);
});

test('serves the REST APIs of the same world', async (t) => {
  const end = new AbortController();
  const { url, bodies } = await target(t, 200, () => {});
  let listed: Promise<Response> | undefined;
  const write = (text: string): void => {
    const [, origin, apiKey] = /^Catchpoint's REST APIs: (\S+) .*API key (\S+)\n$/.exec(text) ?? [];
    if (origin === undefined) return;
    listed = fetch(`${origin}/api/v2/nodes/all`, {
      headers: { authorization: `Bearer ${apiKey}`, connection: 'close' },
    });
    listed.finally(() => end.abort()).catch(() => {});
  };
  await simulated({ target: url, signal: end.signal, catchpointPort: 0, nodes: 50, write }).ended;
  const answer = (await (await listed)?.json()) as {
    readonly data: { readonly nodes: readonly { readonly id: number }[] };
  };
  const known = new Set(answer.data.nodes.map(({ id }) => id));
  t.is(known.size, 50);
  t.true(bodies.every((body) => known.has((JSON.parse(body) as { readonly NodeId: number }).NodeId)));
});

test('options that cannot be are wrong usage', async (t) => {
  const { signal } = new AbortController();
  const error = await t.throwsAsync(simulated({ target: 'nowhere', signal }).ended, { message: /target: .*"nowhere"/ });
  t.is((error as { readonly exitCode?: number }).exitCode, 64);
  await t.throwsAsync(simulated({ target: 'http://127.0.0.1:1', signal, nodes: 0 }).ended, {
    message: /nodes: expected an integer/,
  });
});
