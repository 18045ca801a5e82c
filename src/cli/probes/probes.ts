// What both `check` and `doctor` try: whether the state directory can be written, who answers as OpenTSDB, and whether
// Catchpoint's REST API takes the credentials. Nothing is stored anywhere by it.

import type { Probe, ProbeContext } from './finding.ts';
import { catchpointProbe } from './catchpoint.ts';
import { certificatesProbe } from './certificates.ts';
import { stateDirProbe } from './directories.ts';
import { graphiteProbe } from './graphite.ts';
import { tsdbProbe } from './opentsdb.ts';
import { overridesProbe } from './overrides.ts';
import { tokenFilesProbe } from './tokens.ts';

/** Everything that a run of the bridge will need. */
export function probes(ambient: ProbeContext): readonly Probe[] {
  return [
    stateDirProbe,
    overridesProbe,
    tokenFilesProbe,
    (config) => certificatesProbe(config, ambient),
    (config) => tsdbProbe(config, ambient),
    (config) => graphiteProbe(config, ambient),
    (config) => catchpointProbe(config, ambient),
  ];
}
