// Everything that `doctor` examines, in the order in which it tells.

import type { ProbeContext } from '../probes/finding.ts';
import { catchpointProbe } from '../probes/catchpoint.ts';
import { certificatesProbe } from '../probes/certificates.ts';
import { stateDirProbe } from '../probes/directories.ts';
import { graphiteProbe } from '../probes/graphite.ts';
import { tsdbProbe } from '../probes/opentsdb.ts';
import { overridesProbe } from '../probes/overrides.ts';
import { tokenFilesProbe } from '../probes/tokens.ts';
import { clockCheck } from './clock.ts';
import { keyCheck, tokenCheck } from './credentials.ts';
import { diskCheck } from './disk.ts';
import type { Check } from './doctor.ts';
import { type StorageContext, nodesCheck, spoolCheck } from './storage.ts';
import { type Lookup, namesCheck } from './names.ts';
import { pushUrlCheck } from './push-url.ts';
import { limitsCheck } from './tsdb-limits.ts';

export interface DoctorContext extends ProbeContext, StorageContext {
  readonly lookup: Lookup;
  readonly pushUrl: string | undefined;
}

export function checks(ambient: DoctorContext): readonly Check[] {
  const { clock, pushUrl } = ambient;
  return [
    ({ config }) => stateDirProbe(config),
    ({ config }) => diskCheck(config, ambient),
    (read) => spoolCheck(read, ambient),
    ({ config }) => clockCheck(config, ambient),
    ({ config }) => namesCheck(config, ambient),
    ({ config }) => tsdbProbe(config, ambient),
    ({ config }) => graphiteProbe(config, ambient),
    ({ config }) => limitsCheck(config, ambient),
    ({ config }) => catchpointProbe(config, ambient),
    (read) => keyCheck(read, clock.now()),
    (read) => nodesCheck(read, ambient),
    ({ config }) => overridesProbe(config),
    async (read) => tokenCheck(read),
    ({ config }) => tokenFilesProbe(config),
    ({ config }) => certificatesProbe(config, ambient),
    () => pushUrlCheck(pushUrl, ambient),
  ];
}
