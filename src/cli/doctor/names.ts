// Whether the names that the bridge speaks to are known, and how long it takes to look them up.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Config } from '../../config/config.ts';
import { doubtful, faulty, fine, type Finding } from '../probes/finding.ts';

/** Looks a name up as every connection does. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);

const slowMs = 1000;

export async function namesCheck(
  { tsdb, file, catchpoint }: Config,
  {
    clock,
    lookup: look,
    pushUrl,
  }: { readonly clock: Pick<Clock, 'steady'>; readonly lookup: Lookup; readonly pushUrl: string | undefined },
): Promise<Finding[]> {
  const urls = [
    ...(file === undefined ? tsdb.urls : []),
    ...(catchpoint.nodesFile === undefined ? [catchpoint.url] : []),
    ...(pushUrl === undefined ? [] : [pushUrl]),
  ];
  const names = [...new Set(urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')))].filter(
    (name) => isIP(name) === 0,
  );
  return Promise.all(
    names.map(async (name) => {
      const startedMs = clock.steady();
      try {
        const addresses = await look(name);
        const tookMs = Math.round(clock.steady() - startedMs);
        const words = `${name}: ${addresses.join(', ')}, in ${tookMs} ms`;
        return tookMs > slowMs
          ? doubtful('name', words, 'look at the name servers in /etc/resolv.conf: each new connection waits for them')
          : fine('name', words);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        return faulty(
          'name',
          `${name}: ${code ?? message}`,
          69,
          'look at the spelling, and at the name servers in /etc/resolv.conf',
        );
      }
    }),
  );
}
