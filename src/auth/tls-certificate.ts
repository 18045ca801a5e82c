// The TLS certificate and key of the push listener, and the CA of its client certificates.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createSecureContext, type Server as TlsServer, type TlsOptions } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Reloadable, reloadingFiles, usingFile } from './reloading-files.ts';

export interface CertificateFiles {
  /** PEM: the certificate, then its chain. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Clients must present a certificate that this CA issued. Undefined: client certificates are not requested. */
  readonly clientCaFile: string | undefined;
}

export interface Certificates extends Reloadable {
  /** For creating the server. */
  readonly options: TlsOptions;
  /** Reloaded certificates go to this server. */
  serve(server: Server): void;
  /** Those in use. Each reload makes a new object. */
  pems(): Pems;
  /** When the certificate expires, ms since 1970 UTC. */
  notAfterMs(): number;
}

/** Contents of the files. */
export interface Pems {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

interface LoadedCertificate {
  readonly pems: Pems;
  readonly notAfterMs: number;
}

const handshakeTimeoutMs = 10_000;

/** @throws an Error with exit code 78 that names the setting and the file, when a file cannot be used at the start */
export async function openCertificates(
  files: CertificateFiles,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Certificates> {
  const { certFile, keyFile, clientCaFile } = files;
  let server: Pick<TlsServer, 'setSecureContext'> | undefined;
  const { current, ...reloading } = await reloadingFiles({
    paths: [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])],
    load: () => load(files),
    apply({ pems, notAfterMs }) {
      const notAfter = isoTime(notAfterMs);
      if (notAfterMs < clock.now()) throw new Error(`tls-cert: ${certFile}: it expired at ${notAfter}`);
      server?.setSecureContext({ ...pems });
      log.info({ file: certFile, notAfter }, 'the certificate was read again');
    },
    failed: (reason) => log.error({ reason }, 'the certificate cannot be used; the last one stays'),
  });
  const { pems, notAfterMs } = current();
  if (notAfterMs < clock.now())
    log.error(
      { file: certFile, notAfter: isoTime(notAfterMs) },
      'the certificate has expired; senders that look will not push',
    );
  return {
    ...reloading,
    options: tlsOptions(pems),
    pems: () => current().pems,
    serve: (listening) => void (server = listening as unknown as TlsServer),
    notAfterMs: () => current().notAfterMs,
  };
}

export function tlsOptions(pems: Pems): TlsOptions {
  return {
    ...pems,
    handshakeTimeout: handshakeTimeoutMs,
    ...(pems.ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
  };
}

async function load({ certFile, keyFile, clientCaFile }: CertificateFiles): Promise<LoadedCertificate> {
  const cert = await textOf('tls-cert', certFile);
  const key = await textOf('tls-key', keyFile);
  const ca = clientCaFile === undefined ? undefined : await textOf('tls-client-ca', clientCaFile);
  const pems = { cert, key, ...(ca !== undefined && { ca }) };
  const { validTo } = await usingFile('tls-cert', certFile, () => new X509Certificate(cert));
  if (ca !== undefined) await usingFile('tls-client-ca', clientCaFile as string, () => new X509Certificate(ca));
  await usingFile('tls-key', keyFile, () => createSecureContext(pems));
  return { pems, notAfterMs: Date.parse(validTo) };
}

function textOf(setting: string, path: string): Promise<string> {
  return usingFile(setting, path, () => readFile(path, 'utf8'));
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
