// Everything that `doctor` examines, in the order in which it tells.

import type { TrialAmbient } from '../probes/finding.ts';
import { catchpointTrial } from '../probes/catchpoint.ts';
import { certificatesTrial } from '../probes/certificates.ts';
import { stateDirTrial } from '../probes/directories.ts';
import { graphiteTrial } from '../probes/graphite.ts';
import { tsdbTrial } from '../probes/opentsdb.ts';
import { overridesTrial } from '../probes/overrides.ts';
import { tokenFilesTrial } from '../probes/tokens.ts';
import { clockExamination } from './clock.ts';
import { keyExamination, tokenExamination } from './credentials.ts';
import { diskExamination } from './disk.ts';
import type { Examination } from './doctor.ts';
import { type KeptAmbient, nodesExamination, spoolExamination } from './storage.ts';
import { type Lookup, namesExamination } from './names.ts';
import { pushUrlExamination } from './push-url.ts';
import { limitsExamination } from './tsdb-limits.ts';

export interface DoctorAmbient extends TrialAmbient, KeptAmbient {
  readonly lookup: Lookup;
  readonly pushUrl: string | undefined;
}

export function examinations(ambient: DoctorAmbient): readonly Examination[] {
  const { clock, pushUrl } = ambient;
  return [
    ({ config }) => stateDirTrial(config),
    ({ config }) => diskExamination(config, ambient),
    (read) => spoolExamination(read, ambient),
    ({ config }) => clockExamination(config, ambient),
    ({ config }) => namesExamination(config, ambient),
    ({ config }) => tsdbTrial(config, ambient),
    ({ config }) => graphiteTrial(config, ambient),
    ({ config }) => limitsExamination(config, ambient),
    ({ config }) => catchpointTrial(config, ambient),
    (read) => keyExamination(read, clock.now()),
    (read) => nodesExamination(read, ambient),
    ({ config }) => overridesTrial(config),
    async (read) => tokenExamination(read),
    ({ config }) => tokenFilesTrial(config),
    ({ config }) => certificatesTrial(config, ambient),
    () => pushUrlExamination(pushUrl, ambient),
  ];
}
