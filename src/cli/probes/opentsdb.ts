// Who answers where the points are to go, and whether he takes them in the way that is configured.

import type { Config } from '../../config/config.ts';
import { probeTsdb } from '../../sinks/opentsdb/probe.ts';
import { faulty, fine, type Finding, type ProbeContext } from './finding.ts';
import { fileProbe } from './directories.ts';

export async function tsdbProbe({ tsdb, file }: Config, { clock, signal }: ProbeContext): Promise<Finding[]> {
  if (file !== undefined) return [await fileProbe(file.path)];
  const { isOn, urls, put, headers, caFile } = tsdb;
  if (!isOn) return [];
  return Promise.all(
    urls.map(async (url) => {
      const { isUsable, description, roundTripMs } = await probeTsdb({ url, clock, put, headers, caFile, signal });
      const shown = shownTsdb(url, put);
      if (isUsable) return fine('OpenTSDB', `${shown}: ${description}, answered in ${roundTripMs} ms`);
      return faulty(
        'OpenTSDB',
        `${shown}: ${description}`,
        69,
        'points wait in the spool until it answers; look at --tsdb-host, --tsdb-port and --put',
      );
    }),
  );
}

/** An address for people, without user and password. */
export function shownTsdb(url: string, put: 'http' | 'telnet'): string {
  const { host, protocol, pathname } = new URL(url);
  return put === 'telnet' ? host : `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
}
