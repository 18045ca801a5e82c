// TLS on the push listener: certificates are reloaded while it listens, and client certificates can be required.

import test, { type ExecutionContext } from 'ava';
import { X509Certificate } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { Agent, request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { openCertificates } from '../../src/auth/tls-certificate.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { deferred } from '../../src/runtime/deferred.ts';
import { silentLog } from '../../src/runtime/log.ts';
import {
  certificate,
  newCertificate,
  newPrivateKey,
  privateKey,
  senderCertificate,
  senderPrivateKey,
} from '../fakes/certificate.ts';
import { temporaryDirectory } from '../fakes/directory.ts';
import { bare, guarded } from '../fakes/guarded.ts';
import { until } from '../fakes/until.ts';
import { movableClock } from '../fakes/time.ts';

interface Heard {
  readonly status: number;
  readonly fingerprint: string;
}

function post(port: number, options: RequestOptions = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const how = { host: '127.0.0.1', port, method: 'POST', agent: new Agent(), rejectUnauthorized: false, ...options };
    const sent = request(how, (answer) => {
      const { fingerprint256 } = (answer.socket as TLSSocket).getPeerCertificate();
      answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, fingerprint: fingerprint256 }));
    });
    sent.once('error', reject);
    sent.end('{}');
  });
}

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;

async function files(t: ExecutionContext) {
  const directory = await temporaryDirectory(t);
  const named = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem'), clientCaFile: undefined };
  await writeFile(named.certFile, certificate);
  await writeFile(named.keyFile, privateKey);
  return named;
}

test('a changed certificate is used for new connections, a broken one is not', async (t) => {
  const tls = await files(t);
  const { port, url, access } = await guarded(t, { tls });
  t.is(url, `https://127.0.0.1:${port}`);
  const keepAlive = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => keepAlive.destroy());
  const old = { status: 200, fingerprint: fingerprint(certificate) };
  t.deepEqual(await post(port, { agent: keepAlive, rejectUnauthorized: true, ca: certificate }), old);

  await writeFile(tls.certFile, newCertificate);
  await access.reload();
  t.deepEqual(await post(port), old, 'a certificate without its key');
  await writeFile(tls.keyFile, newPrivateKey);
  await access.reload();
  t.deepEqual(await post(port, { rejectUnauthorized: true, ca: newCertificate }), {
    status: 200,
    fingerprint: fingerprint(newCertificate),
  });
  t.is((await post(port, { agent: keepAlive })).status, 200, 'an open connection continues');

  for (const broken of ['', 'no certificate', newCertificate.slice(0, 200)]) {
    await writeFile(tls.certFile, broken);
    await access.reload();
  }
  await rm(tls.certFile);
  await access.reload();
  t.is((await post(port)).fingerprint, fingerprint(newCertificate));
  t.like(access.status().tls, { reloads: 1, failures: 5 });
});

test('the files are polled, and read once they are stable', async (t) => {
  const tls = await files(t);
  const clock = movableClock();
  const { access } = await guarded(t, { tls, clock });
  const stop = new AbortController();
  const running = access.run(stop.signal);
  await writeFile(tls.certFile, newCertificate);
  await writeFile(tls.keyFile, newPrivateKey);
  while (access.status().tls?.reloads === 0) {
    await clock.untilSomebodySleeps();
    await clock.advance(2_000);
  }
  t.like(access.status().tls, {
    reloads: 1,
    failures: 0,
    notAfterMs: Date.parse(new X509Certificate(newCertificate).validTo),
  });
  stop.abort();
  await running;
});

test('an expired certificate is used at the start, and not by a reload', async (t) => {
  const tls = await files(t);
  const late = { clock: movableClock(Date.UTC(2200, 0)), log: silentLog() };
  const certificates = await openCertificates(tls, late);
  t.true(certificates.notAfterMs() < late.clock.now());
  await certificates.reload();
  t.deepEqual(certificates.counts, { reloads: 0, failures: 1 });
});

test('the error of a file at the start names the setting and the file', async (t) => {
  const tls = await files(t);
  const open = (changes: object) =>
    openCertificates({ ...tls, ...changes }, { clock: systemClock(), log: silentLog() });
  await t.throwsAsync(open({ certFile: '/nowhere.pem' }), { message: /^tls-cert: \/nowhere\.pem: ENOENT/ });
  await t.throwsAsync(open({ certFile: tls.keyFile }), { message: new RegExp(`^tls-cert: ${tls.keyFile}: `) });
  await t.throwsAsync(open({ keyFile: tls.certFile }), { message: new RegExp(`^tls-key: ${tls.certFile}: `) });
  await t.throwsAsync(open({ clientCaFile: tls.keyFile }), { message: new RegExp(`^tls-client-ca: ${tls.keyFile}: `) });
  await writeFile(tls.keyFile, newPrivateKey);
  const error = await t.throwsAsync(open({}), { message: /^tls-key: .*key values mismatch/ });
  t.is((error as Error & { exitCode?: number }).exitCode, 78);
});

test('the handshake fails for clients without a certificate of the CA', async (t) => {
  const tls = await files(t);
  const clientCaFile = `${tls.certFile}.ca`;
  await writeFile(clientCaFile, senderCertificate);
  const { port, access } = await guarded(t, { tls: { ...tls, clientCaFile } });
  t.is((await post(port, { cert: senderCertificate, key: senderPrivateKey })).status, 200);
  await t.throwsAsync(post(port));
  await t.throwsAsync(post(port, { cert: newCertificate, key: newPrivateKey }));
  t.false(access.status().isOpen);
});

test('a connection without TLS is closed and counted', async (t) => {
  const one = await guarded(t, { tls: await files(t) });
  const { heard } = await bare(one, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}');
  t.false((await heard).includes('200'));
  await until(() => one.access.status().connections.handshakes === 1);
  t.is((await post(one.port)).status, 200);
});

test('closing waits neither for a missing handshake nor for an idle connection', async (t) => {
  const one = await guarded(t, { tls: await files(t) });
  const silent = await bare(one);
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  t.is((await post(one.port, { agent })).status, 200);
  await one.close();
  t.is(await silent.heard, '');
});

test('with TLS a connection with a request in flight is not closed for a new connection', async (t) => {
  const working = deferred<void>();
  let taken = 0;
  const one = await guarded(t, {
    tls: await files(t),
    limits: { maxConnections: 2 },
    take: async () => {
      taken += 1;
      if (taken === 1) await working.promise;
    },
  });
  const atWork = post(one.port);
  await until(() => taken === 1);
  const silent = await bare(one);
  await until(() => one.access.status().connections.open === 2);
  t.is((await post(one.port)).status, 200);
  t.is(await silent.heard, '');
  working.resolve();
  t.is((await atWork).status, 200);
});
