// What the probe says of the things that may listen where OpenTSDB is expected.

import test, { type ExecutionContext } from 'ava';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../../../src/runtime/clock.ts';
import { probeTsdb, type ProbeOptions } from '../../../src/sinks/opentsdb/probe.ts';
import { answers, fakeTsd, type Fault } from '../../fakes/tsd.ts';
import { movableClock } from '../../fakes/time.ts';

async function probed(url: string, options: Partial<ProbeOptions> = {}) {
  const { roundTripMs, ...rest } = await probeTsdb({ url, clock: movableClock(), ...options });
  return rest;
}

/** Something else on a port, and its address. */
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

/** Answers by path. */
function byPath(paths: Readonly<Record<string, Fault>>): Fault {
  return (exchange, answer) =>
    (paths[exchange.request.url ?? ''] ?? answers(404, '404 page not found'))(exchange, answer);
}

for (const put of ['http', 'telnet'] as const) {
  test(`probe knows OpenTSDB and its version by ${put}`, async (t) => {
    const { url } = await fakeTsd(t);
    t.deepEqual(await probed(url, { put }), { ok: true, flavour: 'opentsdb', words: 'OpenTSDB 2.4.1' });
  });
}

test('probe knows an OpenTSDB that hides its version, and stores nothing', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(byPath({ '/api/put?details': (_, answer) => answer() }));
  t.like(await probed(tsd.url), { ok: true, flavour: 'opentsdb' });
  t.is(tsd.counts.accepted, 0);
});

test('probe tells the time of a round trip', async (t) => {
  const { url } = await fakeTsd(t);
  const { roundTripMs } = await probeTsdb({ url, clock: systemClock() });
  t.true(Number.isInteger(roundTripMs) && roundTripMs >= 0);
});

test('probe knows VictoriaMetrics by its words', async (t) => {
  const tsd = await fakeTsd(t);
  const words = 'unexpected path requested on HTTP OpenTSDB server: "/api/version"';
  tsd.always(byPath({ '/api/version': answers(400, words), '/api/put?details': answers(204) }));
  t.like(await probed(tsd.url), { ok: true, flavour: 'victoriametrics' });
});

test('probe knows InfluxDB by its metadata', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(byPath({ '/api/put?details': answers(204), '/api/metadata/put': answers(204) }));
  t.like(await probed(tsd.url), { ok: true, flavour: 'influxdb' });
});

test('probe knows a receiver that says 204 to everything', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(byPath({ '/api/put?details': answers(204) }));
  t.like(await probed(tsd.url), { ok: true, flavour: 'accepts-all' });
});

for (const [status, text] of [
  [401, 'who?'],
  [403, '<html>Forbidden</html>'],
] as const) {
  test(`probe says that a ${status} may be for want of a password`, async (t) => {
    const tsd = await fakeTsd(t);
    tsd.always(answers(status, text));
    const { ok, words } = await probed(tsd.url.replace('//', '//me:secret@'));
    t.false(ok);
    t.is(words, `answered ${status}, user and password or a header may be missing: ${JSON.stringify(text)}`);
  });
}

test('probe does not take a web site for OpenTSDB', async (t) => {
  const tsd = await fakeTsd(t);
  tsd.always(answers(200, '<html>hello</html>'));
  t.deepEqual(await probed(tsd.url), {
    ok: false,
    flavour: 'unknown',
    words: 'answered 200 to /api/version and 200 to an empty put: "<html>hello</html>"',
  });
});

test('probe recognises a listener that speaks telnet only', async (t) => {
  const url = await listener(t, (socket) => {
    socket.on('data', (chunk) =>
      socket.write(String(chunk).startsWith('version') ? 'TickTock 0.4\n' : "unknown command: GET.  Try `help'.\n"),
    );
  });
  t.deepEqual(await probed(url), {
    ok: false,
    flavour: 'telnet',
    words: 'no HTTP here, but telnet (answers "TickTock 0.4" to `version`): use --put telnet',
  });
  t.like(await probed(url, { put: 'telnet' }), { ok: true, flavour: 'telnet' });
});

for (const [what, answersPut, found] of [
  [
    'both protocols',
    false,
    { ok: true, flavour: 'victoriametrics', words: 'VictoriaMetrics: it answers nothing by telnet' },
  ],
  [
    'HTTP alone',
    true,
    {
      ok: false,
      flavour: 'victoriametrics',
      words: 'VictoriaMetrics, its port for HTTP alone: use --put http, or the port of -opentsdbListenAddr',
    },
  ],
] as const) {
  test(`probe knows VictoriaMetrics' port for ${what}`, async (t) => {
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
    t.deepEqual(await probed(url, { put: 'telnet' }), found);
  });
}

test('probe says that a web server does not speak telnet', async (t) => {
  const url = await listener(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  });
  t.deepEqual(await probed(url, { put: 'telnet' }), {
    ok: false,
    flavour: 'unknown',
    words: 'speaks HTTP and not telnet: use --put http',
  });
});

test('probe gives up on a listener that says nothing', async (t) => {
  const clock = movableClock();
  const url = await listener(t, (socket) => socket.resume());
  const probing = probed(url, { clock, timeoutMs: 1000 });
  let isOver = false;
  const over = probing.finally(() => (isOver = true));
  while (!isOver) {
    await clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { ok, words } = await over;
  t.false(ok);
  t.is(
    words,
    'no HTTP here (no answer within 1 s); by telnet: takes connections and does not answer to `version` (no answer within 1 s)',
  );
});

test('probe says why it cannot connect', async (t) => {
  const tsd = await fakeTsd(t);
  await tsd.close();
  for (const put of ['http', 'telnet'] as const) {
    const { ok, words } = await probed(tsd.url, { put });
    t.false(ok);
    t.regex(words, /ECONNREFUSED|ERR_SOCKET_CLOSED_BEFORE_CONNECTION/);
  }
  t.like(await probed('nothing'), { ok: false, flavour: 'unknown' });
});

test('probe stops when the signal aborts', async (t) => {
  const url = await listener(t, (socket) => socket.resume());
  const reason = new Error('enough');
  t.is(await t.throwsAsync(probed(url, { signal: AbortSignal.abort(reason) })), reason);
});
