// The credentials of a worker, as last received from its owner.

import type { Server } from 'node:tls';
import type { Credentials, CredentialsSnapshot } from '../auth/credentials.ts';
import type { Reloadable } from '../auth/reloading-files.ts';
import { type Pems, tlsOptions } from '../auth/tls-certificate.ts';

export interface ReceivedCredentials extends Credentials {
  update(next: CredentialsSnapshot): void;
}

/** The owner reads the files. */
const withoutFiles: Reloadable = {
  poll: async () => {},
  reload: async () => {},
  counts: { reloads: 0, failures: 0 },
};

/** @param rotate - has the owner set a token; resolves once all workers accept it */
export function receivedCredentials(
  first: CredentialsSnapshot,
  rotate: (token: string) => Promise<void>,
): ReceivedCredentials {
  let current = first;
  let server: Pick<Server, 'setSecureContext'> | undefined;
  return {
    ownerToken: first.ownerToken,
    tokenFiles: async () => ({ ...withoutFiles, digests: () => current.fileTokens }),
    rotatingTokens: async () => ({ digests: () => current.rotatedTokens, rotatedAtMs: () => undefined, rotate }),
    certificates: async () => ({
      ...withoutFiles,
      options: tlsOptions(current.pems as Pems),
      pems: () => current.pems as Pems,
      serve: (listening) => void (server = listening as unknown as typeof server),
      notAfterMs: () => Infinity,
    }),
    update(next) {
      if (next.pems !== undefined && !areSame(next.pems, current.pems)) server?.setSecureContext({ ...next.pems });
      current = next;
    },
  };
}

function areSame(one: Pems, other: Pems | undefined): boolean {
  return one.cert === other?.cert && one.key === other.key && one.ca === other.ca;
}
