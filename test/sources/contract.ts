// The test suite for every source: the answers for each outcome of the delivery, and for malformed requests.

import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import { expanded } from '../../src/model/factored-points.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { DataPoint, Deliver, Delivered, MalformedBody } from '../../src/model/point.ts';
import { application, listen } from '../../src/http/server.ts';
import { SpoolFull } from '../../src/spool/spool-full.ts';
import { until } from '../fakes/until.ts';
import { movableClock } from '../fakes/time.ts';

export interface SourceRequests {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Becomes at least one point. */
  readonly good: string;
  /** Each with the reason in the answer. */
  readonly malformed: readonly (readonly [body: string, words: RegExp])[];
}

export interface SourceParts {
  readonly deliver: Deliver;
  readonly malformed: (malformed: MalformedBody) => void;
  readonly maxBodyBytes: number;
}

export type OpenSource = (t: ExecutionContext, parts: SourceParts) => Promise<(router: Router) => void>;

const maxBodyBytes = 20_000;

async function bench(t: ExecutionContext, open: OpenSource, deliver: Deliver) {
  const delivered: (readonly DataPoint[])[] = [];
  const malformed: MalformedBody[] = [];
  const uncaught: unknown[] = [];
  const router = new Router();
  const mount = await open(t, {
    deliver: (points, options) => {
      delivered.push(expanded(points));
      return deliver(points, options);
    },
    malformed: (one) => malformed.push(one),
    maxBodyBytes,
  });
  mount(router);
  const app = application(silentLog(), movableClock());
  app.on('error', (error) => uncaught.push(error));
  app.use(router.routes()).use(router.allowedMethods());
  const listener = await listen(app, { host: '127.0.0.1', port: 0 });
  t.teardown(() => listener.close());
  return { delivered, malformed, uncaught, url: listener.url };
}

async function post(url: string, { path, headers }: SourceRequests, body: string | Buffer): Promise<Response> {
  return fetch(url + path, { method: 'POST', body, headers: { connection: 'close', ...headers } });
}

/** Registers the suite. To be called for each kind of request of a source. */
export function testSource(title: string, requests: SourceRequests, open: OpenSource): void {
  testDelivery(title, requests, open);
  testRefusals(title, requests, open);
}

function testDelivery(title: string, requests: SourceRequests, open: OpenSource): void {
  test(`${title} answers 200 after the delivery`, async (t) => {
    let end: ((delivered: Delivered) => void) | undefined;
    const { url, delivered } = await bench(t, open, () => new Promise((resolve) => void (end = resolve)));
    let isAnswered = false;
    const answer = post(url, requests, requests.good).then(({ status }) => {
      isAnswered = true;
      return status;
    });
    await until(() => delivered.length > 0);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    t.false(isAnswered);
    t.true((delivered[0]?.length ?? 0) > 0);
    end?.('stored');
    t.is(await answer, 200);
  });

  for (const delivered of ['duplicate', 'conflict'] as const) {
    test(`${title} answers 200 to a ${delivered}`, async (t) => {
      const { url } = await bench(t, open, async () => delivered);
      t.is((await post(url, requests, requests.good)).status, 200);
    });
  }

  test(`${title} answers 503 with Retry-After while the spool is full`, async (t) => {
    const { url, malformed } = await bench(t, open, async () =>
      Promise.reject(new SpoolFull('spool: at most 5 bytes, found 6 waiting')),
    );
    const answer = await post(url, requests, requests.good);
    t.is(answer.status, 503);
    t.regex(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    t.deepEqual(await answer.json(), { error: 'spool: at most 5 bytes, found 6 waiting' });
    t.deepEqual(malformed, []);
  });

  test(`${title} answers 500 to a failed disk, without its error, and continues`, async (t) => {
    const errors: Error[] = [Object.assign(new Error('EIO: /var/lib/secret'), { code: 'EIO' })];
    const { url, malformed } = await bench(t, open, async () => {
      const error = errors.pop();
      if (error !== undefined) throw error;
      return 'stored';
    });
    const failed = await post(url, requests, requests.good);
    t.is(failed.status, 500);
    t.notRegex(await failed.text(), /EIO|secret/);
    t.deepEqual(malformed, []);
    t.is((await post(url, requests, requests.good)).status, 200);
  });
}

function testRefusals(title: string, requests: SourceRequests, open: OpenSource): void {
  for (const [body, words] of requests.malformed) {
    test(`${title} answers 400 to ${JSON.stringify(body.slice(0, 40))} with the reason`, async (t) => {
      const { url, delivered, malformed } = await bench(t, open, async () => 'stored');
      const answer = await post(url, requests, body);
      t.is(answer.status, 400);
      t.regex(await answer.text(), words);
      t.deepEqual(delivered, []);
      t.deepEqual(
        malformed.map((one) => one.body.toString()),
        [body],
      );
    });
  }

  test(`${title} answers 413 to a body over the limit`, async (t) => {
    const { url, delivered } = await bench(t, open, async () => 'stored');
    const answer = await post(url, requests, requests.good.padEnd(maxBodyBytes + 1));
    t.is(answer.status, 413);
    t.regex(await answer.text(), /at most 20000 bytes/);
    t.deepEqual(delivered, []);
  });

  test(`${title} answers 4xx to garbage, and throws no error`, async (t) => {
    const { url, delivered, uncaught } = await bench(t, open, async () => 'stored');
    const garbage = [
      '',
      ' ',
      '\0',
      '<xml/>',
      'null',
      '"text"',
      '{',
      '{}',
      '[{}]',
      '['.repeat(9_000),
      '{"a":'.repeat(3_000),
      'a[b][c=1&a=2&a[b]=%',
      'PUTVAL',
      '\u{1f600}',
    ];
    for (const body of [...garbage, Buffer.from([0xff, 0xfe, 0x00]), Buffer.from([0xc3, 0x28])]) {
      const { status } = await post(url, requests, body);
      t.true(status >= 400 && status < 500, `${JSON.stringify(body.toString().slice(0, 20))}: ${status}`);
    }
    t.deepEqual([delivered, uncaught], [[], []]);
    t.is((await post(url, requests, requests.good)).status, 200);
  });
}
