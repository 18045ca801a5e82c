// What both `check` and `doctor` try: whether the state directory can be written, who answers as OpenTSDB, and whether
// Catchpoint's REST API takes the credentials. Nothing is stored anywhere by it.

import type { Trial, TrialAmbient } from './finding.ts';
import { catchpointTrial } from './catchpoint.ts';
import { certificatesTrial } from './certificates.ts';
import { stateDirTrial } from './directories.ts';
import { graphiteTrial } from './graphite.ts';
import { tsdbTrial } from './opentsdb.ts';
import { overridesTrial } from './overrides.ts';
import { tokenFilesTrial } from './tokens.ts';

/** Everything that a run of the bridge will need. */
export function trials(ambient: TrialAmbient): readonly Trial[] {
  return [
    stateDirTrial,
    overridesTrial,
    tokenFilesTrial,
    (config) => certificatesTrial(config, ambient),
    (config) => tsdbTrial(config, ambient),
    (config) => graphiteTrial(config, ambient),
    (config) => catchpointTrial(config, ambient),
  ];
}
