// The OpenTSDB hosts of a sink: one is used as long as it answers, the next one when it does not.

import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import { logThrottle } from '../../../runtime/log-throttle.ts';
import { NoVerdict } from '../no-verdict.ts';

/** One OpenTSDB, as its URL tells. */
export interface TsdHost {
  /** For people: the URL without user and password. */
  readonly label: string;
  readonly isTls: boolean;
  readonly hostname: string;
  readonly port: number;
  /** What stands before /api, without a slash at the end. */
  readonly prefix: string;
  /** The Authorization header for the URL's user and password. */
  readonly authorization: string | undefined;
}

export interface Hosts {
  current(): TsdHost;
  /**
   * Asks the current host, and then the others in turn as long as the one asked throws. Throws a NoRuling that quotes
   * all of them when none gives an answer; when the signal aborts, its reason.
   */
  ask<T>(question: (host: TsdHost) => Promise<T>, signal: Pick<AbortSignal, 'throwIfAborted'>): Promise<T>;
}

export interface HostsOptions {
  readonly urls: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** How long after leaving the first host it is tried again. */
const returnAfterMs = 60_000;

export function hosts({ urls, clock, log }: HostsOptions): Hosts {
  const all = urls.map(tsdHost);
  const [first] = all;
  if (first === undefined) throw new Error('OpenTSDB: at least one URL wanted');
  let current = first;
  let tryFirstAtMs = Infinity;
  const moves = logThrottle(clock);

  /** One question in a while goes to the first host, so that not everything waits for one that is still away. */
  function start(): TsdHost {
    if (current === first || clock.steady() < tryFirstAtMs) return current;
    tryFirstAtMs = clock.steady() + returnAfterMs;
    return first as TsdHost;
  }

  function answered(host: TsdHost): void {
    if (host === current) return;
    current = host;
    tryFirstAtMs = clock.steady() + returnAfterMs;
    moves((times) => log.warn({ url: host.label, times }, 'OpenTSDB: points go to this host now'));
  }

  return {
    current: () => current,
    async ask(question, signal) {
      const at = all.indexOf(start());
      const failures: { host: TsdHost; error: Error }[] = [];
      for (const host of [...all.slice(at), ...all.slice(0, at)]) {
        try {
          const answer = await question(host);
          answered(host);
          return answer;
        } catch (error) {
          signal.throwIfAborted();
          failures.push({ host, error: error as Error });
        }
      }
      throw nobodyAnswered(failures);
    },
  };
}

/** @throws Error naming the URL, without its password, when it is none that can be used */
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

function nobodyAnswered(failures: readonly { host: TsdHost; error: Error }[]): NoVerdict {
  const message = failures.map(({ host, error }) => `${host.label}: ${error.message}`).join('; ');
  const errors = failures.map(({ error }) => (error instanceof NoVerdict ? error : new NoVerdict(error.message)));
  const pauses = errors.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
  return new NoVerdict(message, {
    retryAfterMs: pauses.length === errors.length ? Math.min(...pauses) : undefined,
    isClosed: errors.every(({ isClosed }) => isClosed),
  });
}
