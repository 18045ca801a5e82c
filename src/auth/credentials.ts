// What opens the door and what TLS is spoken with: in the owner of the state directory it is read from files, a worker is told it.

import { randomBytes } from 'node:crypto';
import { type CertificateFiles, type Certificates, openCertificates, type Pems } from './tls-certificate.ts';
import type { TokenHash } from './tokens/token-hashes.ts';
import { openRotatingTokens, type RotatingTokens, type RotatingTokensOptions } from './tokens/rotating-tokens.ts';
import { openTokenFiles, type TokenFiles } from './tokens/token-files.ts';

/** Where an access gets its keys from. */
export interface Credentials {
  /** With it a push of the owner's goes through. */
  readonly ownerToken: string;
  /** @throws an Error with exit code 78 that names the file, when one cannot be used */
  tokenFiles(paths: readonly string[], former: TokenFiles | undefined): Promise<TokenFiles>;
  rotatingTokens(): Promise<RotatingTokens>;
  /** @throws an Error with exit code 78 that names the file, when one cannot be used */
  certificates(files: CertificateFiles): Promise<Certificates>;
}

/** What is valid at this moment of what can change without a setting's changing; each part is another object when it is another. */
export interface StoredCredentials {
  readonly ownerToken: string;
  readonly fileTokens: readonly TokenHash[];
  /** Set by Catchpoint. */
  readonly rotated: readonly TokenHash[];
  /** Undefined: no TLS. */
  readonly pems: Pems | undefined;
}

export function credentialsOnDisk(ambient: RotatingTokensOptions): Credentials {
  return {
    ownerToken: randomBytes(32).toString('base64url'),
    tokenFiles: (paths, former) => openTokenFiles(paths, ambient.log, former?.counts),
    rotatingTokens: () => openRotatingTokens(ambient),
    certificates: (files) => openCertificates(files, ambient),
  };
}
