// Who may push, and how much: everything that stands between the open internet and the push route.

import type { Server } from 'node:http';
import type { TlsOptions } from 'node:tls';
import type { Middleware } from 'koa';
import { schedule } from '../runtime/schedule.ts';
import { logThrottle } from '../runtime/log-throttle.ts';
import { type BodyCounts, bodyMemoryLimit, type BodyMemoryLimit } from './limits/body-memory-limit.ts';
import type { Certificates } from './tls-certificate.ts';
import { limitConnections, type ConnectionCounts, connectionCounts } from './limits/connection-limit.ts';
import { authentication, type AuthenticationCounts } from './authentication.ts';
import { type Admission, admission } from './admission.ts';
import { type StoredCredentials, type Credentials, credentialsOnDisk } from './credentials.ts';
import type { RotatingTokens } from './tokens/rotating-tokens.ts';
import { type RequestCounts, concurrencyLimit } from './limits/concurrency-limit.ts';
import { rotation, type RotationCounts } from './tokens/token-rotation.ts';
import { checkedSenders, type SenderCheckCounts, type SentRun } from './senders/sender-check.ts';
import { type AccessContext, type AccessOptions, type AccessPolicy, accessPolicy } from './access-policy.ts';

/** Counts since the start, but for what is open or held now. */
export interface AccessStatus {
  /** Whether a push needs no token and no certificate. */
  readonly isOpen: boolean;
  /** How many tokens are valid, those that Catchpoint set not counted. */
  readonly tokens: number;
  readonly tokenFiles: { readonly reloads: number; readonly failures: number };
  readonly door: Readonly<AuthenticationCounts>;
  readonly rotation: (Readonly<RotationCounts> & { readonly rotatedAtMs?: number }) | undefined;
  readonly senders: Readonly<SenderCheckCounts>;
  readonly connections: Readonly<ConnectionCounts>;
  readonly requests: Readonly<RequestCounts>;
  readonly bodies: Readonly<BodyCounts>;
  readonly tls: { readonly notAfterMs: number; readonly reloads: number; readonly failures: number } | undefined;
}

export interface AccessControl {
  /** In this order before the routes. */
  readonly middlewares: readonly Middleware[];
  /** In place of the middlewares, for a push. */
  readonly entrance: Admission;
  readonly tls: TlsOptions | undefined;
  readonly bodies: BodyMemoryLimit;
  /** With it a push of the owner's goes through, from everywhere and for every node. */
  readonly ownerToken: string;
  /** What a worker of this process has to know to let in the same senders. */
  held(): StoredCredentials;
  /**
   * Makes a token the one that Catchpoint has set last; resolves when that is on disk.
   *
   * @throws an Error where Catchpoint sets none, or when it cannot be written; it holds until the next restart then
   */
  rotate(token: string): Promise<void>;
  /** To be called before the server listens. */
  guard(server: Server): void;
  /** @throws Refusal with 403, where the sender may not speak for what the push names */
  admit(sender: { readonly ip: string; readonly isOwner: boolean }, run: SentRun): void;
  /** Looks after the files until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** Reads the files again now; what cannot be used stays as it was. */
  reload(): Promise<void>;
  /**
   * Makes ready other tokens, allow-lists, proxies and limits, and returns what puts them into effect. TLS stays as it is, but for what its
   * files hold.
   *
   * @throws an Error that names the file, when one cannot be used
   */
  prepare(next: AccessOptions): Promise<() => void>;
  status(): AccessStatus;
}

const none: StoredCredentials['rotated'] = [];

/** Files that have changed are read once they have stayed the same for so long. */
const lookEveryMs = 2_000;

/**
 * @param told - what a worker is told, in place of what stands in files; its owner says what is to be said of it
 * @throws an Error with exit code 78 that names the file, when one cannot be used
 */
export async function openAccessControl(
  options: AccessOptions,
  ambient: AccessContext,
  told?: Credentials,
): Promise<AccessControl> {
  const { clock, log } = ambient;
  const keys = told ?? credentialsOnDisk(ambient);
  const current = await accessPolicy(options, keys, ambient);
  const certificates = options.tls && (await keys.certificates(options.tls));
  const hasClientCa = options.tls?.clientCaFile !== undefined;
  const counts = connectionCounts();
  const bodies = bodyMemoryLimit(() => current.limits.maxArrivingBytes);
  const requests = concurrencyLimit(requestBounds(current));
  const gate = gateOf(current, keys.ownerToken, ambient);
  const strangers = logThrottle(clock);
  const checked = checkedSenders(current, (node, from) =>
    strangers((times) => log.warn({ times, node, from }, "pushes come from an address that is none of their node's")),
  );
  const isOpen = (): boolean => current.needsNoToken && !hasClientCa;
  const warnIfOpen = (): void =>
    isOpen() && told === undefined
      ? log.warn(
          'whoever reaches the push listener may push: there is no --push-token, --push-token-file or --rotation-secret',
        )
      : undefined;
  warnIfOpen();
  const looked = async (): Promise<void> => void (await Promise.all([current.files.look(), certificates?.look()]));
  return {
    middlewares: [gate.middleware, requests.middleware],
    entrance: admission(gate, requests, gate.senders),
    tls: certificates?.options,
    bodies,
    ownerToken: keys.ownerToken,
    held: () => ({
      ownerToken: keys.ownerToken,
      fileTokens: current.files.digests(),
      rotated: current.rotation?.tokens.digests() ?? none,
      pems: certificates?.pems(),
    }),
    async rotate(token) {
      if (current.rotation === undefined) throw new Error('token: there is no --rotation-secret any more');
      await current.rotation.tokens.rotate(token);
    },
    guard(server) {
      limitConnections(server, connectionBounds(current, ambient), counts);
      certificates?.serve(server);
    },
    admit: ({ ip, isOwner }, run) => (isOwner ? undefined : checked.admit(ip, run)),
    run: (signal) =>
      schedule('look after tokens and certificate', looked, {
        everyMs: lookEveryMs,
        clock,
        log,
        signal,
      }),
    reload: async () => void (await Promise.all([current.files.reload(), certificates?.reload()])),
    async prepare(next) {
      const settled = await accessPolicy(next, keys, ambient, current);
      return () => {
        const wasOpen = isOpen();
        Object.assign(current, settled);
        if (!wasOpen) warnIfOpen();
      };
    },
    status: () => ({
      isOpen: isOpen(),
      tokens: current.own.length + current.files.digests().length,
      tokenFiles: current.files.counts,
      door: gate.counts,
      rotation: gate.rotationStatus(),
      senders: checked.counts,
      connections: counts,
      requests: requests.counts,
      bodies: bodies.counts,
      tls: tlsStatus(certificates),
    }),
  };
}

function requestBounds(current: AccessPolicy): Parameters<typeof concurrencyLimit>[0] {
  return {
    get maxRequests() {
      return current.limits.maxRequests;
    },
    get maxPerSender() {
      return Math.max(1, Math.ceil(current.limits.maxRequests / 4));
    },
    isProxy: (address) => current.senders.isProxy(address),
  };
}

function connectionBounds(
  current: AccessPolicy,
  { clock, log }: AccessContext,
): Parameters<typeof limitConnections>[1] {
  return {
    clock,
    log,
    get maxConnections() {
      return current.maxConnections;
    },
    get maxPerAddress() {
      return current.limits.maxConnectionsPerAddress;
    },
    isProxy: (address) => current.senders.isProxy(address),
  };
}

/** The door with the tokens that open it. */
function gateOf(current: AccessPolicy, ownerToken: string, { clock, log }: AccessContext) {
  const setter = {
    ...rotation({
      clock,
      log,
      get secret() {
        return current.rotation?.secret ?? '';
      },
      get tokens() {
        return current.rotation?.tokens as RotatingTokens;
      },
    }),
    isAwaited: () => current.rotation?.tokens.digests().length === 0,
  };
  const senders: AccessPolicy['senders'] = {
    of: (request) => current.senders.of(request),
    isProxy: (address) => current.senders.isProxy(address),
  };
  const gate = authentication({
    ownerToken,
    clock,
    log,
    valid: () => [current.own, current.files.digests(), current.rotation?.tokens.digests() ?? []],
    get isOpen() {
      return current.needsNoToken;
    },
    get rotation() {
      return current.rotation && setter;
    },
    senders,
  });
  return {
    ...gate,
    senders,
    rotationStatus() {
      const rotatedAtMs = current.rotation?.tokens.rotatedAtMs();
      return (
        current.rotation && {
          ...setter.counts,
          ...(rotatedAtMs !== undefined && { rotatedAtMs }),
        }
      );
    },
  };
}

function tlsStatus(certificates: Certificates | undefined): AccessStatus['tls'] {
  return certificates && { notAfterMs: certificates.notAfterMs(), ...certificates.counts };
}
