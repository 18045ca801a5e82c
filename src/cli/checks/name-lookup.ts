// Checks that the host names of the configuration resolve, and quickly.

import { isIP } from 'node:net';
import type { ConfigRead } from '../../config/config.ts';
import { type CheckContext, fault, type Finding, ok, warning } from './finding.ts';

const slowMs = 1000;

export async function nameCheck(
  { config: { tsdb, catchpoint, takesCatchpoint, docker } }: ConfigRead,
  { clock, lookup, pushUrl }: CheckContext,
): Promise<Finding[]> {
  const urls = [
    ...(tsdb.isOn ? tsdb.urls : []),
    ...(takesCatchpoint && catchpoint.nodesFile === undefined ? [catchpoint.url] : []),
    ...(docker === undefined || /^unix:/i.test(docker.url) ? [] : [docker.url]),
    ...(pushUrl === undefined ? [] : [pushUrl]),
  ];
  const names = [...new Set(urls.map((url) => hostOf(new URL(url))))].filter((host) => isIP(host) === 0);
  return Promise.all(
    names.map(async (name) => {
      const startedMs = clock.steady();
      try {
        const addresses = await lookup(name);
        const tookMs = Math.round(clock.steady() - startedMs);
        const words = `${name}: ${addresses.join(', ')}, in ${tookMs} ms`;
        return tookMs > slowMs
          ? warning('name', words, 'look at the name servers in /etc/resolv.conf: each new connection waits for them')
          : ok('name', words);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        const advice = 'look at the spelling, and at the name servers in /etc/resolv.conf';
        return fault('name', `${name}: ${code ?? message}`, 69, advice);
      }
    }),
  );
}

/** The host of a URL, an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
