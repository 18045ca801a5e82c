// Whether this machine's clock is right, by the time that servers give with their answers.

import { got } from 'got';
import type { Config } from '../../config/config.ts';
import { tsdHost } from '../../sinks/opentsdb/http/hosts.ts';
import { doubtful, faulty, fine, type Finding, type ProbeContext, unexamined } from '../probes/finding.ts';
import { shownTsdb } from '../probes/opentsdb.ts';

interface TimeServer {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const warnAboveMs = 5_000;
const faultAboveMs = 300_000;
const timeoutMs = 5_000;

const advice =
  'set the clock right (timedatectl set-ntp true): runs that seem to lie more than an hour ahead become dead letters';

/** OpenTSDB itself tells no time, but what stands before it may, and VictoriaMetrics and Catchpoint do. */
export async function clockCheck({ tsdb, file, catchpoint }: Config, ambient: ProbeContext): Promise<Finding[]> {
  const asksCatchpoint = catchpoint.nodesFile === undefined && (catchpoint.apiKey ?? catchpoint.key) !== undefined;
  const servers: TimeServer[] = [
    ...(asksCatchpoint ? [{ name: catchpoint.url, url: `${catchpoint.url}/`, headers: {} }] : []),
    ...(file !== undefined || tsdb.put === 'telnet' ? [] : tsdb.urls.map((url) => tsdbServer(url, tsdb.headers))),
  ];
  const skews = await Promise.all(servers.map(async (server) => ({ server, skewMs: await skewOf(server, ambient) })));
  const told = skews.flatMap(({ server, skewMs }) => (skewMs === undefined ? [] : [{ server, skewMs }]));
  if (told.length === 0)
    return [unexamined('clock', 'no server here gives its time to compare with', 'look at `timedatectl` yourself')];
  return told.map(({ server: { name }, skewMs }) => {
    const words = `${described(skewMs)} ${name}`;
    if (Math.abs(skewMs) > faultAboveMs) return faulty('clock', words, 78, advice);
    return Math.abs(skewMs) > warnAboveMs ? doubtful('clock', words, advice) : fine('clock', words);
  });
}

function tsdbServer(url: string, headers: Readonly<Record<string, string>>): TimeServer {
  const { authorization } = tsdHost(url);
  const shown = shownTsdb(url, 'http');
  return {
    name: shown,
    url: `${shown}/api/version`,
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
  };
}

/** How far this clock is ahead, to about a second; undefined when nobody tells. A certificate need not be right for that. */
async function skewOf({ url, headers }: TimeServer, { clock, signal }: ProbeContext): Promise<number | undefined> {
  try {
    const askedMs = clock.now();
    const response = await got(url, {
      headers,
      retry: { limit: 0 },
      timeout: { request: timeoutMs },
      throwHttpErrors: false,
      followRedirect: false,
      https: { rejectUnauthorized: false },
      signal,
    });
    // The header has whole seconds.
    const toldMs = Date.parse(response.headers.date ?? '') + 500;
    return Number.isNaN(toldMs) ? undefined : Math.round((askedMs + clock.now()) / 2 - toldMs);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function described(skewMs: number): string {
  const seconds = Math.abs(skewMs) / 1000;
  if (seconds <= 2) return 'agrees to about a second with';
  return `${seconds.toFixed(0)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}
