// A worker's keys: what its owner has told it last.

import type { Server } from 'node:tls';
import { type Certificates, type Pems, tlsOptions } from '../auth/tls-certificate.ts';
import type { StoredCredentials, Credentials } from '../auth/credentials.ts';

export interface ReceivedCredentials extends Credentials {
  /** Puts others into effect. */
  tell(next: StoredCredentials): void;
}

/** @param rotate - has the owner set a token, which tells all workers of it */
export function receivedCredentials(
  first: StoredCredentials,
  rotate: (token: string) => Promise<void>,
): ReceivedCredentials {
  let held = first;
  let server: Pick<Server, 'setSecureContext'> | undefined;
  const notOurs = async (): Promise<void> => {};
  return {
    ownerToken: first.ownerToken,
    tokenFiles: async () => ({
      digests: () => held.fileTokens,
      look: notOurs,
      reload: notOurs,
      counts: { reloads: 0, failures: 0 },
    }),
    rotatingTokens: async () => ({ digests: () => held.rotated, rotatedAtMs: () => undefined, rotate }),
    certificates: async (): Promise<Certificates> => ({
      options: tlsOptions(held.pems as Pems),
      pems: () => held.pems as Pems,
      serve: (listening) => void (server = listening as unknown as typeof server),
      look: notOurs,
      reload: notOurs,
      notAfterMs: () => Infinity,
      counts: {
        reloads: 0,
        failures: 0,
      },
    }),
    tell(next) {
      if (next.pems !== undefined && next.pems !== held.pems && !isSame(next.pems, held.pems))
        server?.setSecureContext({ ...next.pems });
      held = next;
    },
  };
}

function isSame(one: Pems, other: Pems | undefined): boolean {
  return one.cert === other?.cert && one.key === other.key && one.ca === other.ca;
}
