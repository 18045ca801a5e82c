// The certificate of the push listener, read again when its files change; of files that cannot be used the last good ones stay.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createSecureContext, type TlsOptions } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { watchedFiles } from './watched-files.ts';

export interface CertificateFiles {
  /** PEM, the chain behind it. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities whose certificates senders must have; undefined: senders need none. */
  readonly clientCaFile: string | undefined;
}

export interface Certificates {
  /** What the server is made with. */
  readonly options: TlsOptions;
  /** The server that is given the new ones. */
  serve(server: Server): void;
  look(): Promise<void>;
  reload(): Promise<void>;
  /** As they are in use; another object when they are others. */
  pems(): Pems;
  /** Until when the certificate is valid, ms since 1970 UTC. */
  notAfterMs(): number;
  readonly counts: { reloads: number; failures: number };
}

/** The texts of the files. */
export interface Pems {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

interface Loaded {
  readonly pems: Pems;
  readonly notAfterMs: number;
}

const handshakeTimeoutMs = 10_000;

/** @throws an Error that names the file, when the files cannot be used at the start */
export async function openCertificates(
  files: CertificateFiles,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Certificates> {
  const { certFile, keyFile, clientCaFile } = files;
  const changing = watchedFiles([certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]);
  const counts = { reloads: 0, failures: 0 };
  await changing.aboutToRead();
  let loaded = await load(files);
  let server: Pick<import('node:tls').Server, 'setSecureContext'> | undefined;
  if (loaded.notAfterMs < clock.now())
    log.error(
      { file: certFile, notAfter: isoTime(loaded.notAfterMs) },
      'the certificate has expired; senders that look will not push',
    );
  async function reload(): Promise<void> {
    await changing.aboutToRead();
    try {
      const next = await load(files);
      if (next.notAfterMs < clock.now())
        throw new Error(`tls-cert: ${certFile}: it expired at ${isoTime(next.notAfterMs)}`);
      server?.setSecureContext({ ...next.pems });
      loaded = next;
      counts.reloads += 1;
      log.info({ file: certFile, notAfter: isoTime(next.notAfterMs) }, 'the certificate was read again');
    } catch (error) {
      counts.failures += 1;
      log.error({ reason: (error as Error).message }, 'the certificate cannot be used; the last one stays');
    }
  }
  return {
    options: tlsOptions(loaded.pems),
    pems: () => loaded.pems,
    serve: (listening) => void (server = listening as unknown as typeof server),
    reload,
    look: async () => ((await changing.look()) ? reload() : undefined),
    notAfterMs: () => loaded.notAfterMs,
    counts,
  };
}

/** What a server with these is made with; where there are authorities, senders must have a certificate of one of them. */
export function tlsOptions(pems: Pems): TlsOptions {
  return {
    ...pems,
    handshakeTimeout: handshakeTimeoutMs,
    ...(pems.ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
  };
}

async function load({ certFile, keyFile, clientCaFile }: CertificateFiles): Promise<Loaded> {
  const cert = await pem('tls-cert', certFile);
  const key = await pem('tls-key', keyFile);
  const ca = clientCaFile === undefined ? undefined : await pem('tls-client-ca', clientCaFile);
  const pems = { cert, key, ...(ca !== undefined && { ca }) };
  const { validTo } = certificateIn('tls-cert', certFile, cert);
  if (ca !== undefined) certificateIn('tls-client-ca', clientCaFile as string, ca);
  try {
    createSecureContext(pems);
  } catch (error) {
    throw wrong('tls-key', keyFile, error as Error);
  }
  return { pems, notAfterMs: Date.parse(validTo) };
}

async function pem(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw wrong(setting, path, error as Error);
  }
}

function certificateIn(setting: string, path: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw wrong(setting, path, error as Error);
  }
}

function wrong(setting: string, path: string, { message }: Error): Error {
  return Object.assign(new Error(`${setting}: ${path}: ${message}`), { exitCode: 78 });
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
