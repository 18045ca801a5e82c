// Checks the wall clock against the Date header of the servers that the bridge contacts.

import { got } from 'got';
import type { ConfigRead } from '../../config/config.ts';
import { tsdHost } from '../../sinks/opentsdb/http/hosts.ts';
import { type CheckContext, fault, type Finding, notChecked, ok, warning } from './finding.ts';
import { addressWithoutUser } from './sinks.ts';

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

/** OpenTSDB sends no Date header; a proxy before it, VictoriaMetrics and Catchpoint do. */
export async function clockCheck({ config }: ConfigRead, context: CheckContext): Promise<Finding[]> {
  const servers = timeServers(config);
  const skews = await Promise.all(
    servers.map(async ({ name, ...server }) => ({ name, skewMs: await skewOf(server, context) })),
  );
  const findings = skews.flatMap(({ name, skewMs }) => (skewMs === undefined ? [] : [judge(name, skewMs)]));
  if (findings.length > 0) return findings;
  return [notChecked('clock', 'no server here gives its time to compare with', 'look at `timedatectl` yourself')];
}

function timeServers({ tsdb, catchpoint, takesCatchpoint }: ConfigRead['config']): TimeServer[] {
  const usesApi =
    takesCatchpoint && catchpoint.nodesFile === undefined && (catchpoint.apiKey ?? catchpoint.key) !== undefined;
  const tsdbUrls = !tsdb.isOn || tsdb.put === 'telnet' ? [] : tsdb.urls;
  return [
    ...(usesApi ? [{ name: catchpoint.url, url: `${catchpoint.url}/`, headers: {} }] : []),
    ...tsdbUrls.map((url) => {
      const { authorization } = tsdHost(url);
      const name = addressWithoutUser(url, 'http');
      const headers = { ...tsdb.headers, ...(authorization !== undefined && { authorization }) };
      return { name, url: `${name}/api/version`, headers };
    }),
  ];
}

/** This clock minus the server's, to about a second; undefined without a Date header. Accepts any certificate. */
async function skewOf(
  { url, headers }: Omit<TimeServer, 'name'>,
  { clock, signal }: CheckContext,
): Promise<number | undefined> {
  try {
    const requestedMs = clock.now();
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
    const serverMs = Date.parse(response.headers.date ?? '') + 500;
    return Number.isNaN(serverMs) ? undefined : Math.round((requestedMs + clock.now()) / 2 - serverMs);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function judge(name: string, skewMs: number): Finding {
  const skewS = Math.abs(skewMs) / 1000;
  const relation =
    skewS <= 2 ? 'agrees to about a second with' : `${skewS.toFixed(0)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
  const words = `${relation} ${name}`;
  if (Math.abs(skewMs) > faultAboveMs) return fault('clock', words, 78, advice);
  return Math.abs(skewMs) > warnAboveMs ? warning('clock', words, advice) : ok('clock', words);
}
