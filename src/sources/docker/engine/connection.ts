// The connections to an engine: over a socket, plain or TLS, kept open between requests.

import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type ClientRequest, type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { EngineAddress } from './address.ts';
import { EngineError } from './engine.ts';

/** Requests besides those for statistics: the listing, details, the stream of events. */
const otherRequests = 8;

export interface Connection {
  /** A GET request that is not sent yet. The path has the query, and no prefix of the address. */
  get(path: string, headers: OutgoingHttpHeaders): ClientRequest;
  /** The path of the unix socket, or host and port; for messages. */
  readonly peer: string;
  /** Closes idle connections now, and the others after their requests. */
  retire(): void;
  /** Closes all connections. */
  destroy(): void;
}

/**
 * Looks for the socket, and reads the certificates anew, so that renewed ones count without a restart.
 *
 * @param concurrency - the requests for statistics at once
 * @throws EngineError - a certificate cannot be read
 */
export function openConnection(address: EngineAddress, concurrency: number): Connection {
  const place = address.socket?.();
  const pool = { keepAlive: true, maxSockets: concurrency + otherRequests, scheduling: 'lifo' as const };
  const socket = place === undefined ? {} : { socketPath: place.path };
  const isTls = address.origin.startsWith('https:');
  const agent = isTls
    ? new HttpsAgent({ ...pool, ...certificates(address.certDirectory) })
    : new HttpAgent({ ...pool, ...socket });
  const { hostname, port, host: peer } = new URL(address.origin);
  const host = { hostname: hostname.replace(/^\[(.*)\]$/, '$1'), ...(port !== '' && { port }) };
  const pathPrefix = place?.pathPrefix ?? address.pathPrefix;
  return {
    get: (path, headers) =>
      (isTls ? httpsRequest : httpRequest)({ ...host, agent, path: `${pathPrefix}${path}`, headers }),
    peer: place?.path ?? peer,
    retire() {
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
    destroy: () => agent.destroy(),
  };
}

interface Certificates {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The names are those of Docker's DOCKER_CERT_PATH. Without ca.pem, the certificates of the system count. */
function certificates(directory: string | undefined): Certificates {
  if (directory === undefined) return {};
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readIfThere(join(directory, name)));
  if (ca === undefined && cert === undefined && key === undefined) {
    throw new EngineError(`${directory}: expected ca.pem, or cert.pem and key.pem, found none of them`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    const [present, missing] = cert === undefined ? ['key.pem', 'cert.pem'] : ['cert.pem', 'key.pem'];
    throw new EngineError(
      `${directory}: expected both cert.pem and key.pem or neither, found ${present} without ${missing}`,
    );
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new EngineError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
