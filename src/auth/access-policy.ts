// What the settings of who may push come to: the tokens that are valid, the proxies that are believed, the bounds that hold. A
// reload puts another one in its place.

import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { CertificateFiles } from './tls-certificate.ts';
import { type TokenHash, hashOf } from './tokens/token-hashes.ts';
import type { Credentials } from './credentials.ts';
import { maxOpenFiles } from './limits/open-file-limit.ts';
import type { RotatingTokens } from './tokens/rotating-tokens.ts';
import { type SenderAddresses, senderAddresses } from './senders/sender-address.ts';
import type { SenderCheck } from './senders/sender-check.ts';
import type { TokenFiles } from './tokens/token-files.ts';

export interface AccessOptions {
  readonly tokens: readonly string[];
  /** Files of tokens, one a line. */
  readonly tokenFiles: readonly string[];
  /** Whoever knows it may set a token at `POST /catchpoint/token`; undefined: nobody may. */
  readonly rotationSecret: string | undefined;
  readonly checkSender: SenderCheck;
  /** Networks whose X-Forwarded-For is believed, and whose connections are not counted. */
  readonly trustedProxies: readonly string[];
  /** Ids; empty: every one. */
  readonly divisions: readonly number[];
  readonly clients: readonly number[];
  readonly tls: CertificateFiles | undefined;
  readonly limits: AccessLimits;
}

export interface AccessLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** In hand at once; one sender may have a quarter of them. */
  readonly maxRequests: number;
  /** Of all bodies that are arriving. */
  readonly maxArrivingBytes: number;
}

export interface AccessContext {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AccessPolicy {
  /** Of the tokens that are given as such. */
  readonly own: readonly TokenHash[];
  readonly files: TokenFiles;
  /** Undefined: Catchpoint does not set tokens. */
  readonly rotation: { readonly secret: string; readonly tokens: RotatingTokens } | undefined;
  /** Whether there are no tokens to be had, so that everybody goes through. */
  readonly needsNoToken: boolean;
  readonly senders: SenderAddresses;
  readonly check: SenderCheck;
  readonly divisions: readonly number[];
  readonly clients: readonly number[];
  readonly limits: AccessLimits;
  /** What the process may have of `limits.maxConnections`. */
  readonly maxConnections: number;
}

/**
 * @param former - what goes on from it: counts, and the tokens that Catchpoint set
 * @throws an Error with exit code 78 that names the file, when one cannot be used
 */
export async function accessPolicy(
  options: AccessOptions,
  keys: Credentials,
  { log }: Pick<AccessContext, 'log'>,
  former?: AccessPolicy,
): Promise<AccessPolicy> {
  const {
    tokens,
    tokenFiles,
    rotationSecret: secret,
    checkSender: check,
    trustedProxies,
    divisions,
    clients,
    limits,
  } = options;
  const rotation =
    secret === undefined ? undefined : { secret, tokens: former?.rotation?.tokens ?? (await keys.rotatingTokens()) };
  return {
    own: tokens.map(hashOf),
    files: await keys.tokenFiles(tokenFiles, former?.files),
    rotation,
    needsNoToken: tokens.length + tokenFiles.length === 0 && rotation === undefined,
    senders: senderAddresses(trustedProxies),
    check,
    divisions,
    clients,
    limits,
    maxConnections: await connectionsWithin(limits, log),
  };
}

/** Kept for the spool, for OpenTSDB, for Catchpoint and for the second listener. */
const otherFiles = 128;

async function connectionsWithin({ maxConnections }: AccessLimits, log: Log): Promise<number> {
  const files = await maxOpenFiles();
  const fitting = Math.max(16, (files ?? Infinity) - otherFiles);
  if (fitting >= maxConnections) return maxConnections;
  log.warn(
    { files, connections: fitting },
    'the process may have too few files open for --max-connections; it takes fewer',
  );
  return fitting;
}
