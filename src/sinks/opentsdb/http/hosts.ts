// Fails over between the OpenTSDB hosts of a sink. A host is used until a request to it fails.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { logThrottle } from '../../../runtime/log-throttle.ts';
import { type HttpAddress, httpAddress } from '../../http-address.ts';
import { NoVerdict } from '../../no-verdict.ts';

/** One OpenTSDB, parsed from its URL. `prefix` is the path before /api. */
export type TsdHost = HttpAddress;

export interface TsdHosts {
  current(): TsdHost;
  /**
   * Calls `request` with the current host, and then with the others in turn until one succeeds.
   *
   * @throws the signal's reason once it aborts; NoVerdict with all messages when every host fails
   */
  tryInTurn<T>(request: (host: TsdHost) => Promise<T>, signal: Pick<AbortSignal, 'throwIfAborted'>): Promise<T>;
}

interface TsdHostsOptions {
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** The first host is tried again this long after failover. */
const failbackMs = 60_000;

export function tsdHosts({ urls, clock, log }: TsdHostsOptions): TsdHosts {
  const all = urls.map(tsdHost);
  const [first] = all;
  if (first === undefined) throw new Error('OpenTSDB: at least one URL wanted');
  let current = first;
  let failbackAtMs = Infinity;
  const throttle = logThrottle(clock);

  /** Sends a single request to the first host after each pause, so that one that is still down delays few. */
  function startingHost(): TsdHost {
    if (current === first || clock.steady() < failbackAtMs) return current;
    failbackAtMs = clock.steady() + failbackMs;
    return first as TsdHost;
  }

  function use(host: TsdHost): void {
    if (host === current) return;
    current = host;
    failbackAtMs = clock.steady() + failbackMs;
    throttle((times) => log.warn({ url: host.label, times }, 'OpenTSDB: points go to this host now'));
  }

  return {
    current: () => current,
    async tryInTurn(request, signal) {
      const at = all.indexOf(startingHost());
      const failures: { host: TsdHost; error: Error }[] = [];
      for (const host of [...all.slice(at), ...all.slice(0, at)]) {
        try {
          const answer = await request(host);
          use(host);
          return answer;
        } catch (error) {
          signal.throwIfAborted();
          failures.push({ host, error: error as Error });
        }
      }
      throw allFailed(failures);
    },
  };
}

/** @throws Error for a URL that cannot be used; the message omits its password */
export function tsdHost(url: string): TsdHost {
  return httpAddress(url, 'OpenTSDB', 'http://tsdb.example:4242');
}

/** The error requests a pause only where every host did. */
function allFailed(failures: readonly { host: TsdHost; error: Error }[]): NoVerdict {
  const message = failures.map(({ host, error }) => `${host.label}: ${error.message}`).join('; ');
  const errors = failures.map(({ error }) => (error instanceof NoVerdict ? error : new NoVerdict(error.message)));
  const pauses = errors.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
  return new NoVerdict(message, {
    retryAfterMs: pauses.length === errors.length ? Math.min(...pauses) : undefined,
    isClosed: errors.every(({ isClosed }) => isClosed),
  });
}
