// Access control of the push listener: authentication, token rotation, sender checks, TLS and limits, wired together.

import type { Server } from 'node:http';
import type { TlsOptions } from 'node:tls';
import type { Middleware } from 'koa';
import { schedule } from '../runtime/schedule.ts';
import { type AccessContext, type AccessOptions, type AccessPolicy, accessPolicy } from './access-policy.ts';
import { type Admission, admission } from './admission.ts';
import { authentication, type AuthenticationCounts } from './authentication.ts';
import { type Credentials, credentialsOnDisk, type CredentialsSnapshot } from './credentials.ts';
import { type BodyCounts, bodyMemoryLimit, type BodyMemoryLimit } from './limits/body-memory-limit.ts';
import { concurrencyLimit, type RequestCounts } from './limits/concurrency-limit.ts';
import { type ConnectionCounts, connectionCounts, limitConnections } from './limits/connection-limit.ts';
import type { ReloadCounts } from './reloading-files.ts';
import { senderCheck, type SenderCheckCounts, type SentRun } from './senders/sender-check.ts';
import type { Certificates } from './tls-certificate.ts';
import { tokenRotation, type RotationCounts } from './tokens/token-rotation.ts';

/** `access` of /healthz. Counts are since the start, gauges are current. */
export interface AccessStatus {
  /** Pushes need no token and no client certificate. */
  readonly isOpen: boolean;
  /** Valid tokens, without those that Catchpoint set. */
  readonly tokens: number;
  readonly tokenFiles: Readonly<ReloadCounts>;
  readonly authentication: Readonly<AuthenticationCounts>;
  readonly rotation: (Readonly<RotationCounts> & { readonly rotatedAtMs?: number }) | undefined;
  readonly senders: Readonly<SenderCheckCounts>;
  readonly connections: Readonly<ConnectionCounts>;
  readonly requests: Readonly<RequestCounts>;
  readonly bodies: Readonly<BodyCounts>;
  readonly tls: (Readonly<ReloadCounts> & { readonly notAfterMs: number }) | undefined;
}

export interface AccessControl {
  /** To be used in this order before the routes. */
  readonly middlewares: readonly Middleware[];
  /** Replaces the middlewares for pushes. */
  readonly admission: Admission;
  readonly tls: TlsOptions | undefined;
  readonly bodies: BodyMemoryLimit;
  /** Authenticates the owner of the state directory, from any address and for any node. */
  readonly ownerToken: string;
  /** The credentials in use, for the workers of this process. */
  credentials(): CredentialsSnapshot;
  /**
   * Makes a token the current one; resolves once it is on disk.
   *
   * @throws an Error without a rotation secret, or when the token cannot be written. It is valid until a restart then.
   */
  rotate(token: string): Promise<void>;
  /** To be called before the server listens. */
  guard(server: Server): void;
  /** @throws HttpError with 403, when the sender may not report for the node, division or client */
  checkSender(sender: { readonly ip: string; readonly isOwner: boolean }, run: SentRun): void;
  /** Polls the token and certificate files until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** Reloads the token and certificate files. A file that cannot be used keeps its last good contents. */
  reload(): Promise<void>;
  /**
   * Opens the files of new options, and returns a function that puts the options into effect. `tls` stays the same.
   *
   * @throws an Error that names the file, when one cannot be used
   */
  prepare(next: AccessOptions): Promise<() => void>;
  status(): AccessStatus;
}

/** Also the time for which a changed file must stay the same before it is read. */
const pollEveryMs = 2_000;

/**
 * @param received - the credentials of a worker, in place of those on disk
 * @throws an Error with exit code 78 that names the file, when one cannot be used
 */
export async function openAccessControl(
  options: AccessOptions,
  context: AccessContext,
  received?: Credentials,
): Promise<AccessControl> {
  const { clock, log, hasListener = true } = context;
  const credentials = received ?? credentialsOnDisk(context);
  const { ownerToken } = credentials;
  const policy = await accessPolicy(options, credentials, log);
  const certificates = options.tls && (await credentials.certificates(options.tls));
  const connections = connectionCounts();
  const bodies = bodyMemoryLimit(() => policy.maxArrivingBytes);
  const requests = concurrencyLimit(policy);
  const rotation = tokenRotation(context);
  const authenticator = authentication({ policy, ownerToken, rotation, clock, log });
  const senders = senderCheck(policy, context);
  const isOpen = (): boolean => hasListener && policy.needsNoToken && options.tls?.clientCaFile === undefined;
  const poll = async (): Promise<void> => void (await Promise.all([policy.tokenFiles.poll(), certificates?.poll()]));
  const warnIfOpen = (): void => {
    if (isOpen() && received === undefined) log.warn(openWarning);
  };
  warnIfOpen();
  return {
    middlewares: [authenticator.middleware, requests.middleware],
    admission: admission(authenticator, requests, policy),
    tls: certificates?.options,
    bodies,
    ownerToken,
    credentials: () => ({ ownerToken, ...reloadableCredentials(policy), pems: certificates?.pems() }),
    async rotate(token) {
      if (policy.rotation === undefined) throw new Error('token: there is no --rotation-secret any more');
      await policy.rotation.tokens.rotate(token);
    },
    guard(server) {
      limitConnections(server, policy, connections, context);
      certificates?.serve(server);
    },
    checkSender: ({ ip, isOwner }, run) => (isOwner ? undefined : senders.admit(ip, run)),
    run: (signal) => schedule('look after tokens and certificate', poll, { everyMs: pollEveryMs, clock, log, signal }),
    reload: async () => void (await Promise.all([policy.tokenFiles.reload(), certificates?.reload()])),
    async prepare(next) {
      const prepared = await accessPolicy(next, credentials, log, policy);
      return () => {
        const wasOpen = isOpen();
        Object.assign(policy, prepared);
        if (!wasOpen) warnIfOpen();
      };
    },
    status: () => ({
      isOpen: isOpen(),
      ...credentialsStatus(policy, certificates, rotation.counts),
      authentication: authenticator.counts,
      senders: senders.counts,
      connections,
      requests: requests.counts,
      bodies: bodies.counts,
    }),
  };
}

const openWarning =
  'whoever reaches the push listener may push: there is no --push-token, --push-token-file or --rotation-secret';

function reloadableCredentials({
  tokenFiles,
  rotation,
}: AccessPolicy): Pick<CredentialsSnapshot, 'fileTokens' | 'rotatedTokens'> {
  return { fileTokens: tokenFiles.digests(), rotatedTokens: rotation?.tokens.digests() ?? [] };
}

function credentialsStatus(
  { tokens, tokenFiles, rotation }: AccessPolicy,
  certificates: Certificates | undefined,
  rotations: RotationCounts,
): Pick<AccessStatus, 'tokens' | 'tokenFiles' | 'rotation' | 'tls'> {
  const rotatedAtMs = rotation?.tokens.rotatedAtMs();
  return {
    tokens: tokens.length + tokenFiles.digests().length,
    tokenFiles: tokenFiles.counts,
    rotation: rotation && { ...rotations, ...(rotatedAtMs !== undefined && { rotatedAtMs }) },
    tls: certificates && { notAfterMs: certificates.notAfterMs(), ...certificates.counts },
  };
}
