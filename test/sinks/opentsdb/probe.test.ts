// The probe of OpenTSDB recognizes the products that may answer at its address.

import test, { type ExecutionContext } from 'ava';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../../../src/runtime/clock.ts';
import { probeTsdb, type ProbeOptions } from '../../../src/sinks/opentsdb/probe.ts';
import { untilSettled } from '../../fakes/passing-time.ts';
import { answers, fakeTsd, type Fault } from '../../fakes/tsd.ts';
import { movableClock } from '../../fakes/time.ts';

async function probe(url: string, options: Partial<ProbeOptions> = {}) {
  const probe = await probeTsdb({ url, clock: movableClock(), ...options });
  return { isUsable: probe.isUsable, product: probe.product, description: probe.description };
}

/** Starts another server, and returns its address. */
async function listener(t: ExecutionContext, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers 404 to other paths. */
function byPath(paths: Readonly<Record<string, Fault>>): Fault {
  return (exchange, answer) =>
    (paths[exchange.request.url ?? ''] ?? answers(404, '404 page not found'))(exchange, answer);
}

for (const put of ['http', 'telnet'] as const) {
  test(`probe recognizes OpenTSDB and its version by ${put}`, async (t) => {
    const { url } = await fakeTsd(t);
    t.deepEqual(await probe(url, { put }), { isUsable: true, product: 'opentsdb', description: 'OpenTSDB 2.4.1' });
  });
}

test('probe recognizes an OpenTSDB that hides its version, and stores nothing', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(byPath({ '/api/put?details': (_, answer) => answer() }));
  t.like(await probe(tsd.url), { isUsable: true, product: 'opentsdb' });
  t.is(tsd.counts.accepted, 0);
});

test('probe measures the round trip', async (t) => {
  const { url } = await fakeTsd(t);
  const { roundTripMs } = await probeTsdb({ url, clock: systemClock() });
  t.true(Number.isInteger(roundTripMs) && roundTripMs >= 0);
});

test('probe recognizes VictoriaMetrics by its answer', async (t) => {
  const tsd = await fakeTsd(t);
  const answer = 'unexpected path requested on HTTP OpenTSDB server: "/api/version"';
  tsd.always(byPath({ '/api/version': answers(400, answer), '/api/put?details': answers(204) }));
  t.like(await probe(tsd.url), { isUsable: true, product: 'victoriametrics' });
});

test('probe recognizes InfluxDB by its metadata endpoint', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(byPath({ '/api/put?details': answers(204), '/api/metadata/put': answers(204) }));
  t.like(await probe(tsd.url), { isUsable: true, product: 'influxdb' });
});

test('probe recognizes a receiver that answers 204 to every put', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(byPath({ '/api/put?details': answers(204) }));
  t.like(await probe(tsd.url), { isUsable: true, product: 'accepts-all' });
});

for (const [status, text] of [
  [401, 'who?'],
  [403, '<html>Forbidden</html>'],
] as const) {
  test(`probe reports that a password may be missing after a ${status}`, async (t) => {
    const tsd = await fakeTsd(t);
    tsd.always(answers(status, text));
    const { isUsable, description } = await probe(tsd.url.replace('//', '//me:secret@'));
    t.false(isUsable);
    t.is(description, `answered ${status}, user and password or a header may be missing: ${JSON.stringify(text)}`);
  });
}

test('probe does not mistake a web site for OpenTSDB', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(answers(200, '<html>hello</html>'));
  t.deepEqual(await probe(tsd.url), {
    isUsable: false,
    product: 'unknown',
    description: 'answered 200 to /api/version and 200 to an empty put: "<html>hello</html>"',
  });
});

test('probe recognizes a receiver that speaks telnet only', async (t) => {
  const url = await listener(t, (socket) => {
    socket.on('data', (chunk) =>
      socket.write(String(chunk).startsWith('version') ? 'TickTock 0.4\n' : "unknown command: GET.  Try `help'.\n"),
    );
  });
  t.deepEqual(await probe(url), {
    isUsable: false,
    product: 'telnet',
    description: 'no HTTP here, but telnet (answers "TickTock 0.4" to `version`): use --put telnet',
  });
  t.like(await probe(url, { put: 'telnet' }), { isUsable: true, product: 'telnet' });
});

for (const [what, answersPut, description] of [
  ['both protocols', false, 'VictoriaMetrics: it answers nothing by telnet'],
  ['HTTP alone', true, 'VictoriaMetrics, its port for HTTP alone: use --put http, or the port of -opentsdbListenAddr'],
] as const) {
  test(`probe recognizes the port of VictoriaMetrics for ${what}`, async (t) => {
    const url = await listener(t, (socket) => {
      socket.once('data', (chunk) => {
        if (String(chunk).startsWith('put ') && !answersPut) return socket.once('end', () => socket.end()).resume();
        const text = String(chunk).startsWith('GET')
          ? 'unexpected path requested on HTTP OpenTSDB server: "/api/version"'
          : '400 Bad Request';
        return socket.end(
          `HTTP/1.1 400 Bad Request\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
        );
      });
    });
    t.deepEqual(await probe(url, { put: 'telnet' }), {
      isUsable: !answersPut,
      product: 'victoriametrics',
      description,
    });
  });
}

test('probe reports that a web server does not speak telnet', async (t) => {
  const url = await listener(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  });
  t.deepEqual(await probe(url, { put: 'telnet' }), {
    isUsable: false,
    product: 'unknown',
    description: 'speaks HTTP and not telnet: use --put http',
  });
});

test('probe times out on a server that never answers', async (t) => {
  const clock = movableClock();
  const url = await listener(t, (socket) => socket.resume());
  const { isUsable, description } = await untilSettled(clock, probe(url, { clock, timeoutMs: 1000 }));
  t.false(isUsable);
  t.is(
    description,
    'no HTTP here (no answer within 1 s); by telnet: takes connections and does not answer to `version` (no answer within 1 s)',
  );
});

test('probe reports why it cannot connect', async (t) => {
  const tsd = await fakeTsd(t);
  await tsd.close();
  for (const put of ['http', 'telnet'] as const) {
    const { isUsable, description } = await probe(tsd.url, { put });
    t.false(isUsable);
    t.regex(description, /ECONNREFUSED|ERR_SOCKET_CLOSED_BEFORE_CONNECTION/);
  }
  t.like(await probe('nothing'), { isUsable: false, product: 'unknown' });
});

test('probe stops when the signal aborts', async (t) => {
  const url = await listener(t, (socket) => socket.resume());
  const reason = new Error('enough');
  t.is(await t.throwsAsync(probe(url, { signal: AbortSignal.abort(reason) })), reason);
});
