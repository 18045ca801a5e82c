// `simulate` against a server of one answer: its pushes, its output and its exit codes.

import test, { type ExecutionContext } from 'ava';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { simulate, type SimulateFlags } from '../../src/cli/simulate.ts';
import { deferred } from '../../src/runtime/deferred.ts';
import { seeded } from '../../src/simulator/seeded.ts';
import { capturedOutput } from './context.ts';

interface Target {
  readonly url: string;
  readonly bodies: readonly string[];
}

/**
 * Answers every push with `status`, and calls `onPush` after each. A push on a used connection shows that the previous
 * answer has been read.
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

interface Simulation {
  readonly end: AbortController;
  /** Called with all of the output after each write. */
  readonly onWrite?: (text: string) => void;
  readonly clock?: Clock;
}

/** Simulates until the end and resolves with exit code and output. */
async function simulated(
  flags: SimulateFlags,
  { end, onWrite, clock = systemClock() }: Simulation,
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const stdout = capturedOutput(onWrite === undefined ? {} : { onWrite });
  const context = { clock, random: seeded(1), stdout, stop: end.signal };
  return { exitCode: await simulate({ rate: 200, ...flags }, context), text: stdout.text() };
}

test('simulate pushes until the signal, and exits with 0', async (t) => {
  const end = new AbortController();
  const { url, bodies } = await target(t, 200, (pushes, isAfterAnswer) => pushes >= 20 && isAfterAnswer && end.abort());
  const { exitCode, text } = await simulated({ target: url }, { end });
  t.is(exitCode, 0);
  t.true(bodies.length >= 20);
  t.true(bodies.every((body) => (JSON.parse(body) as { readonly Summary?: unknown }).Summary !== undefined));
  t.regex(text, /^300 nodes run 10 tests, /);
  const answered = Number(/answered 200 +(\d+)\n/.exec(text)?.[1]);
  t.true(answered > 0 && answered <= bodies.length);
});

test('simulate writes a line every second', async (t) => {
  const end = new AbortController();
  const { url } = await target(t, 200, () => {});
  const onWrite = (text: string): void => void (text.includes('pushes/s') && end.abort());
  const { text } = await simulated({ target: url }, { end, onWrite });
  t.regex(text, /^ +0:\d\d +\d+ pushes\/s +200: \d+ +answers p50 [^ ]+( ms)?, p99 /m);
});

test('simulate stops after --seconds', async (t) => {
  const passed = deferred<void>();
  const { url, bodies } = await target(t, 200, (_, isAfterAnswer) => isAfterAnswer && passed.resolve());
  const clock = systemClock();
  const sleep: Clock['sleep'] = (ms, options) => (ms === 3_600_000 ? passed.promise : clock.sleep(ms, options));
  const { exitCode } = await simulated(
    { target: url, seconds: 3600 },
    { end: new AbortController(), clock: { ...clock, sleep } },
  );
  t.is(exitCode, 0);
  t.true(bodies.length > 0);
});

test('simulate exits with 69 if no push was answered 200', async (t) => {
  const end = new AbortController();
  const { url } = await target(t, 503, (pushes) => pushes === 5 && end.abort());
  const { exitCode, text } = await simulated({ target: url }, { end });
  t.is(exitCode, 69);
  t.regex(text, /answered 200 +0\nrefused +\d+\n/);
});

test('simulate pushes the template with the given numbers of nodes and tests', async (t) => {
  const end = new AbortController();
  const { url, bodies } = await target(t, 200, (pushes) => pushes === 30 && end.abort());
  await simulated({ target: url, template: true, nodes: 5, tests: 2, seed: 4 }, { end });
  const pushes = bodies.map((body) => JSON.parse(body) as Readonly<Record<string, string>>);
  t.true(pushes.every(({ schema }) => schema === 'cp-tsdb-1'));
  t.is(new Set(pushes.map(({ TestId }) => TestId)).size, 2);
  t.true(new Set(pushes.map(({ NodeId }) => NodeId)).size <= 5);
});

test('simulate serves the REST APIs for the simulated nodes', async (t) => {
  const end = new AbortController();
  const { url, bodies } = await target(t, 200, () => {});
  let listed: Promise<Response> | undefined;
  const onWrite = (text: string): void => {
    const [, origin, apiKey] = /^Catchpoint's REST APIs: (\S+) .*API key (\S+)\n/.exec(text) ?? [];
    if (origin === undefined || listed !== undefined) return;
    listed = fetch(`${origin}/api/v2/nodes/all`, {
      headers: { authorization: `Bearer ${apiKey}`, connection: 'close' },
    });
    listed.finally(() => end.abort()).catch(() => {});
  };
  await simulated({ target: url, catchpointPort: 0, nodes: 50 }, { end, onWrite });
  const answer = (await (await listed)?.json()) as {
    readonly data: { readonly nodes: readonly { readonly id: number }[] };
  };
  const known = new Set(answer.data.nodes.map(({ id }) => id));
  t.is(known.size, 50);
  t.true(bodies.every((body) => known.has((JSON.parse(body) as { readonly NodeId: number }).NodeId)));
});

test('impossible options are wrong usage', async (t) => {
  const end = new AbortController();
  const error = await t.throwsAsync(simulated({ target: 'nowhere' }, { end }), { message: /target: .*"nowhere"/ });
  t.is((error as { readonly exitCode?: number }).exitCode, 64);
  await t.throwsAsync(simulated({ target: 'http://127.0.0.1:1', nodes: 0 }, { end }), {
    message: /nodes: expected an integer/,
  });
});
