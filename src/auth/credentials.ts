// The sources of tokens and certificates for the push listener: files in the owner process, the owner in a worker.

import { randomBytes } from 'node:crypto';
import { type CertificateFiles, type Certificates, openCertificates, type Pems } from './tls-certificate.ts';
import type { TokenHash } from './tokens/token-hashes.ts';
import { openRotatingTokens, type RotatingTokens, type RotatingTokensOptions } from './tokens/rotating-tokens.ts';
import { openTokenFiles, type TokenFiles } from './tokens/token-files.ts';

export interface Credentials {
  /** Authenticates pushes of the owner of the state directory, such as a replay. */
  readonly ownerToken: string;
  /** @throws an Error with exit code 78 that names the file, when one cannot be used */
  tokenFiles(paths: readonly string[], previous: TokenFiles | undefined): Promise<TokenFiles>;
  rotatingTokens(): Promise<RotatingTokens>;
  /** @throws an Error with exit code 78 that names the file, when one cannot be used */
  certificates(files: CertificateFiles): Promise<Certificates>;
}

/** The credentials that change without a change of settings. The owner sends them to its workers. */
export interface CredentialsSnapshot {
  readonly ownerToken: string;
  readonly fileTokens: readonly TokenHash[];
  /** Set by Catchpoint. */
  readonly rotatedTokens: readonly TokenHash[];
  /** Undefined: no TLS. */
  readonly pems: Pems | undefined;
}

export function credentialsOnDisk(context: RotatingTokensOptions): Credentials {
  return {
    ownerToken: randomBytes(32).toString('base64url'),
    tokenFiles: (paths, previous) => openTokenFiles(paths, context.log, previous?.counts),
    rotatingTokens: () => openRotatingTokens(context),
    certificates: (files) => openCertificates(files, context),
  };
}
