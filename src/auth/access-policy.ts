// The access settings of the push listener, prepared for request checks: token hashes, networks, limits.

import { readFile } from 'node:fs/promises';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Credentials } from './credentials.ts';
import type { ConcurrencyLimits } from './limits/concurrency-limit.ts';
import type { ConnectionLimits } from './limits/connection-limit.ts';
import { type SenderAddresses, senderAddresses } from './senders/sender-address.ts';
import type { SenderCheckMode, SenderCheckOptions } from './senders/sender-check.ts';
import type { CertificateFiles } from './tls-certificate.ts';
import type { RotatingTokens } from './tokens/rotating-tokens.ts';
import type { TokenFiles } from './tokens/token-files.ts';
import { type TokenHash, hashOf } from './tokens/token-hashes.ts';

export interface AccessOptions {
  readonly tokens: readonly string[];
  /** Files with a token a line. */
  readonly tokenFiles: readonly string[];
  /** Authenticates `POST /catchpoint/token`. Undefined: that route does not exist. */
  readonly rotationSecret: string | undefined;
  readonly checkSender: SenderCheckMode;
  /** Networks whose X-Forwarded-For is trusted, and whose connections are not limited by address. */
  readonly trustedProxies: readonly string[];
  /** Allowed ids; empty allows all. */
  readonly divisions: readonly number[];
  readonly clients: readonly number[];
  readonly tls: CertificateFiles | undefined;
  readonly limits: AccessLimits;
}

interface AccessLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** In flight; one sender may have a quarter of them. */
  readonly maxRequests: number;
  /** Memory of all bodies that are being received. */
  readonly maxArrivingBytes: number;
}

export interface AccessContext {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** False without a push listener: then nothing is open. Default true. */
  readonly hasListener?: boolean;
}

/** A reload replaces the fields in place: read them at each use. */
export interface AccessPolicy extends SenderAddresses, SenderCheckOptions, ConcurrencyLimits, ConnectionLimits {
  /** From the settings; those in files are in `tokenFiles`. */
  readonly tokens: readonly TokenHash[];
  readonly tokenFiles: TokenFiles;
  /** Undefined without a rotation secret. */
  readonly rotation: Rotation | undefined;
  /** Without tokens and a rotation secret requests are not authenticated. */
  readonly needsNoToken: boolean;
  readonly maxArrivingBytes: number;
}

export interface Rotation {
  readonly secret: string;
  readonly tokens: RotatingTokens;
}

/**
 * @param previous - its reload counts and rotated tokens continue
 * @throws an Error with exit code 78 that names the file, when one cannot be used
 */
export async function accessPolicy(
  options: AccessOptions,
  credentials: Credentials,
  log: Log,
  previous?: AccessPolicy,
): Promise<AccessPolicy> {
  const { tokens, tokenFiles, rotationSecret: secret, checkSender, divisions, clients, limits } = options;
  const rotation =
    secret === undefined
      ? undefined
      : { secret, tokens: previous?.rotation?.tokens ?? (await credentials.rotatingTokens()) };
  return {
    ...senderAddresses(options.trustedProxies),
    tokens: tokens.map(hashOf),
    tokenFiles: await credentials.tokenFiles(tokenFiles, previous?.tokenFiles),
    rotation,
    needsNoToken: tokens.length + tokenFiles.length === 0 && rotation === undefined,
    check: checkSender,
    divisions,
    clients,
    maxRequests: limits.maxRequests,
    maxPerSender: Math.max(1, Math.ceil(limits.maxRequests / 4)),
    maxConnections: await connectionsWithin(limits, log),
    maxPerAddress: limits.maxConnectionsPerAddress,
    maxArrivingBytes: limits.maxArrivingBytes,
  };
}

/** Open files left for the spool, OpenTSDB, Catchpoint's API and the admin listener. */
const otherFiles = 128;

async function connectionsWithin({ maxConnections }: AccessLimits, log: Log): Promise<number> {
  const files = await maxOpenFiles();
  const connections = Math.max(16, (files ?? Infinity) - otherFiles);
  if (connections >= maxConnections) return maxConnections;
  log.warn({ files, connections }, 'the process may have too few files open for --max-connections; it takes fewer');
  return connections;
}

/** Undefined when unlimited, and without /proc. Node raises the soft limit to the hard one when it starts. */
async function maxOpenFiles(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  return Number.isSafeInteger(files) ? files : undefined;
}
