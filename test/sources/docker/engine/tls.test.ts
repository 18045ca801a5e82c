// TLS to an engine, with the certificates of a directory as Docker's command line has them.

import test, { type ExecutionContext } from 'ava';
import { rm, writeFile } from 'node:fs/promises';
import {
  certificate,
  newCertificate,
  newPrivateKey,
  privateKey,
  senderCertificate,
  senderPrivateKey,
} from '../../../fakes/certificate.ts';
import { temporaryDirectory } from '../../../fakes/directory.ts';
import { client, lasting, messageFrom, simulated } from './opened.ts';

/** An engine that wants a certificate of its clients. */
const mutual = {
  cert: certificate,
  key: privateKey,
  ca: senderCertificate,
  requestCert: true,
  rejectUnauthorized: true,
};

async function directoryWith(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory(t);
  for (const [name, text] of Object.entries(files)) await writeFile(`${directory}/${name}`, text);
  return directory;
}

const all = { 'ca.pem': certificate, 'cert.pem': senderCertificate, 'key.pem': senderPrivateKey };

test('an engine that wants a certificate gets it', async (t) => {
  const docker = await simulated(t, { tls: mutual });
  const certDirectory = await directoryWith(t, all);
  const { engine } = client(t, { url: docker.url, certDirectory });
  t.is((await engine.connect(lasting)).apiVersion, '1.52');
  t.truthy(await engine.stats('container-1', lasting));
});

test('tcp:// speaks TLS when it is told to', async (t) => {
  const docker = await simulated(t, { tls: mutual });
  const certDirectory = await directoryWith(t, all);
  const url = docker.url.replace('https:', 'tcp:');
  t.is((await client(t, { url, certDirectory, isTls: true }).engine.connect(lasting)).apiVersion, '1.52');
});

test('an engine that wants no certificate needs ca.pem alone', async (t) => {
  const docker = await simulated(t, { tls: { cert: certificate, key: privateKey } });
  const certDirectory = await directoryWith(t, { 'ca.pem': certificate });
  t.is((await client(t, { url: docker.url, certDirectory }).engine.connect(lasting)).apiVersion, '1.52');
});

test('an engine whose certificate nobody vouches for is refused', async (t) => {
  const docker = await simulated(t, { tls: { cert: certificate, key: privateKey } });
  for (const certDirectory of [undefined, await directoryWith(t, { 'ca.pem': newCertificate })]) {
    const { engine } = client(t, { url: docker.url, certDirectory });
    t.regex(
      await messageFrom(t, () => engine.connect(lasting)),
      /^GET \/_ping: expected a certificate of localhost:\d+ that ca.pem or the system vouches for, found another: self-signed certificate$/,
    );
  }
});

test('a client without a certificate is refused by an engine that wants one', async (t) => {
  const docker = await simulated(t, { tls: mutual });
  const certDirectory = await directoryWith(t, { 'ca.pem': certificate });
  t.regex(
    await messageFrom(t, () => client(t, { url: docker.url, certDirectory }).engine.connect(lasting)),
    /^GET \/_ping: the engine at localhost:\d+ refuses the TLS connection: (certificate required|handshake failure); it may expect other cert\.pem and key\.pem$/,
  );
  t.is(docker.calls.length, 0);
});

test('renewed certificates count at the next connect', async (t) => {
  const docker = await simulated(t, { tls: { ...mutual, cert: newCertificate, key: newPrivateKey } });
  const certDirectory = await directoryWith(t, all);
  const { engine } = client(t, { url: docker.url, certDirectory });
  await messageFrom(t, () => engine.connect(lasting));
  await writeFile(`${certDirectory}/ca.pem`, newCertificate);
  t.is((await engine.connect(lasting)).apiVersion, '1.52');
});

for (const [missing, present] of [
  ['key.pem', 'cert.pem'],
  ['cert.pem', 'key.pem'],
] as const) {
  test(`${present} without ${missing} is an error`, async (t) => {
    const certDirectory = await directoryWith(t, all);
    await rm(`${certDirectory}/${missing}`);
    const { engine } = client(t, { url: 'https://localhost:1', certDirectory });
    t.is(
      await messageFrom(t, () => engine.connect(lasting)),
      `${certDirectory}: expected both cert.pem and key.pem or neither, found ${present} without ${missing}`,
    );
  });
}

test('a directory without any of the files is an error', async (t) => {
  const certDirectory = await temporaryDirectory(t);
  for (const directory of [certDirectory, `${certDirectory}/none`]) {
    const { engine } = client(t, { url: 'https://localhost:1', certDirectory: directory });
    t.is(
      await messageFrom(t, () => engine.connect(lasting)),
      `${directory}: expected ca.pem, or cert.pem and key.pem, found none of them`,
    );
  }
});

test('a certificate that is none is an error', async (t) => {
  const certDirectory = await directoryWith(t, { ...all, 'key.pem': 'secret text' });
  const docker = await simulated(t, { tls: mutual });
  const { engine } = client(t, { url: docker.url, certDirectory });
  const message = await messageFrom(t, () => engine.connect(lasting));
  t.regex(message, /^GET \/_ping: /);
  t.notRegex(message, /secret/);
});

test('https to an engine without TLS, and http to one with it, are errors', async (t) => {
  const plain = await simulated(t);
  const secure = await simulated(t, { tls: { cert: certificate, key: privateKey } });
  const { engine } = client(t, { url: plain.url.replace('http:', 'https:') });
  t.regex(await messageFrom(t, () => engine.connect(lasting)), /^GET \/_ping: the engine at .* does not speak TLS/);
  const other = client(t, { url: secure.url.replace('https:', 'http:') });
  t.regex(await messageFrom(t, () => other.engine.connect(lasting)), /^GET \/_ping: /);
});
