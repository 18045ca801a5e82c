// The OpenTSDB HTTP sink over TLS: trusted certificates.

import test, { type ExecutionContext } from 'ava';
import { allAccepted } from '../../../../src/model/sink.ts';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { silentLog } from '../../../../src/runtime/log.ts';
import { openTsdbHttp } from '../../../../src/sinks/opentsdb/http/http-sink.ts';
import { probeTsdb } from '../../../../src/sinks/opentsdb/probe.ts';
import { certificate, privateKey } from '../../../fakes/certificate.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { points } from '../../../fakes/points.ts';
import { movableClock } from '../../../fakes/time.ts';
import { forever } from '../../contract.ts';

/** Starts a receiver over TLS that answers 204 to every put. */
async function tlsReceiver(t: ExecutionContext) {
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    request.resume().on('end', () => response.writeHead(request.url === '/api/version' ? 404 : 204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const caFile = join(await temporaryDirectory(t), 'ca.pem');
  await writeFile(caFile, certificate);
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, caFile };
}

function openSink(t: ExecutionContext, url: string, caFile?: string) {
  const sink = openTsdbHttp({ urls: [url], caFile, clock: movableClock(), log: silentLog() });
  t.teardown(() => sink.close());
  return sink;
}

test('opentsdb http trusts the authorities of the CA file', async (t) => {
  const { url, caFile } = await tlsReceiver(t);
  const sink = openSink(t, url, caFile);
  t.deepEqual(await sink.write(points(3), forever), allAccepted);
  t.true((await probeTsdb({ url, caFile, clock: movableClock() })).isUsable);
});

test('opentsdb http sends nothing to a host with an untrusted certificate', async (t) => {
  const { url } = await tlsReceiver(t);
  const sink = openSink(t, url);
  await t.throwsAsync(sink.write(points(3), forever), { message: /self-signed certificate/ });
  const probe = await probeTsdb({ url, clock: movableClock() });
  t.false(probe.isUsable);
  t.regex(probe.description, /self-signed certificate|DEPTH_ZERO_SELF_SIGNED_CERT/);
});

test('opentsdb http does not open with a missing CA file', (t) => {
  t.throws(() => openSink(t, 'https://tsdb.example', '/nowhere/ca.pem'), { code: 'ENOENT' });
});
