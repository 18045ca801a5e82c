// Fails over between the OpenTSDB hosts of a sink. A host is used until a request to it fails.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { logThrottle } from '../../../runtime/log-throttle.ts';
import { NoVerdict } from '../no-verdict.ts';

/** One OpenTSDB, parsed from its URL. */
export interface TsdHost {
  /** The URL without user and password. */
  readonly label: string;
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
  /** The path before /api, without a trailing slash. */
  readonly prefix: string;
  /** The Authorization header for the URL's user and password. */
  readonly authorization: string | undefined;
}

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
  if (!URL.canParse(url))
    throw new Error('OpenTSDB: a URL such as http://tsdb.example:4242 wanted, found something else');
  const { protocol, hostname, port, pathname, username, password } = new URL(url);
  const isTls = protocol === 'https:';
  const prefix = pathname.replace(/\/+$/, '');
  const label = `${protocol}//${hostname}${port && `:${port}`}${prefix}`;
  if (hostname === '' || (!isTls && protocol !== 'http:'))
    throw new Error(`OpenTSDB: http:// or https:// wanted, found ${label}`);
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return {
    label,
    isTls,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (isTls ? 443 : 80),
    prefix,
    authorization: username === '' ? undefined : `Basic ${basic}`,
  };
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
