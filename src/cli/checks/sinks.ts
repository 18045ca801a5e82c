// Checks that OpenTSDB accepts points by the configured put protocol, that each Carbon accepts connections, and that each
// Backstop accepts publications.

import type { ConfigRead } from '../../config/config.ts';
import { probeBackstop } from '../../sinks/backstop/probe.ts';
import { publishAddress } from '../../sinks/backstop/publish-address.ts';
import { probeCarbon } from '../../sinks/graphite/probe.ts';
import { probeTsdb } from '../../sinks/opentsdb/probe.ts';
import { outputFileCheck } from './directories.ts';
import { type CheckContext, fault, type Finding, ok, okOrFault } from './finding.ts';

export async function tsdbCheck({ config }: ConfigRead, { clock, signal }: CheckContext): Promise<Finding[]> {
  const { tsdb, file } = config;
  if (file !== undefined) return [await outputFileCheck(file.path)];
  const { isOn, urls, put, headers, caFile } = tsdb;
  if (!isOn) return [];
  return Promise.all(
    urls.map(async (url) => {
      const probe = await probeTsdb({ url, clock, put, headers, caFile, signal });
      const words = `${addressWithoutUser(url, put)}: ${probe.description}`;
      if (probe.isUsable) return ok('OpenTSDB', `${words}, answered in ${probe.roundTripMs} ms`);
      const advice = 'points wait in the spool until it answers; look at --tsdb-host, --tsdb-port and --put';
      return fault('OpenTSDB', words, 69, advice);
    }),
  );
}

/** The address of an OpenTSDB without user and password. */
export function addressWithoutUser(url: string, put: 'http' | 'telnet'): string {
  const { host, protocol, pathname } = new URL(url);
  return put === 'telnet' ? host : `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
}

export async function graphiteCheck({ config }: ConfigRead, { clock, signal }: CheckContext): Promise<Finding[]> {
  const { destinations = [], isTls = false, caFile } = config.graphite ?? {};
  const unreachable = { code: 69, advice: 'points wait in the spool until it answers; look at --graphite' } as const;
  return Promise.all(
    destinations.map(({ host, port }) =>
      okOrFault(
        'Graphite',
        unreachable,
        async () => `${host}:${port}: ${await probeCarbon({ host, port, isTls, caFile, clock, signal })}`,
      ),
    ),
  );
}

export async function backstopSinkCheck({ config }: ConfigRead, { clock, signal }: CheckContext): Promise<Finding[]> {
  const { urls = [], caFile } = config.backstopSink ?? {};
  const unusable = {
    code: 69,
    advice: 'points wait in the spool until it takes them; look at --backstop-sink',
  } as const;
  return Promise.all(
    urls.map((url) =>
      okOrFault('Backstop', unusable, async () => {
        const { label } = publishAddress(url).address;
        return `${label}: ${await probeBackstop({ url, caFile, clock, signal })}`;
      }),
    ),
  );
}
