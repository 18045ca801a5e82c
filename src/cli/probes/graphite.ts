// Whether each Carbon takes connections.

import type { Config } from '../../config/config.ts';
import { probeCarbon } from '../../sinks/graphite/probe.ts';
import { attempted, type Finding, type ProbeContext } from './finding.ts';

const fault = { code: 69, advice: 'points wait in the spool until it answers; look at --graphite' } as const;

export async function graphiteProbe({ graphite }: Config, { clock, signal }: ProbeContext): Promise<Finding[]> {
  const { destinations = [], isTls = false, caFile } = graphite ?? {};
  return Promise.all(
    destinations.map(({ host, port }) =>
      attempted(
        'Graphite',
        fault,
        async () => `${host}:${port}: ${await probeCarbon({ host, port, isTls, caFile, clock, signal })}`,
      ),
    ),
  );
}
