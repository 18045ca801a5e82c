// What the settings say of the sinks: OpenTSDB, Graphite and file mode.

import { join } from 'node:path';
import type { NamingForm } from '../../sinks/graphite/template.ts';
import { type CarbonAddress, urlOfTsdb } from './addresses.ts';
import { isFileMode } from './contradictions.ts';
import { writesOpenTsdb } from './other-program-variables.ts';
import type { ResolvedSettings } from './origins.ts';
import type { SettingValues } from './settings.ts';

export interface SinksConfig {
  readonly tsdb: TsdbConfig;
  /** Undefined: no points go to Graphite. */
  readonly graphite: GraphiteConfig | undefined;
  readonly file: FileConfig | undefined;
}

export interface TsdbConfig {
  /** Whether points go to OpenTSDB; not in file mode. */
  readonly isOn: boolean;
  /** Origins such as http://tsdb.example:4242, with a path prefix and user:password where given; tried in turn. */
  readonly urls: readonly string[];
  readonly put: 'http' | 'telnet';
  /** Bound on a compressed request body; OpenTSDB refuses more than 8192 bytes unless told otherwise. */
  readonly putMaxBytes: number;
  readonly assignUids: boolean;
  /** Extra request headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** A PEM file of certificate authorities to trust for https. */
  readonly caFile: string | undefined;
}

export interface GraphiteConfig {
  readonly destinations: readonly CarbonAddress[];
  /** `all`: every destination gets every point. `hash`: each series has one destination. */
  readonly routing: 'all' | 'hash';
  readonly names: NamingForm;
  /** Undefined: the usual one of the form. */
  readonly template: string | undefined;
  /** Tags that are left out of the names. */
  readonly omitTags: readonly string[];
  readonly isTls: boolean;
  /** A PEM file of certificate authorities to trust. */
  readonly caFile: string | undefined;
  /** Whether everything waits for each destination: chosen, or since there is no other sink. */
  readonly isRequired: boolean;
}

/** File mode: OpenTSDB is not contacted, the points go to a file. */
export interface FileConfig {
  readonly path: string;
  readonly format: 'import' | 'ndjson';
}

/** Of settings that are all right. */
export function sinksOf(settled: ResolvedSettings, stateDir: string): SinksConfig {
  const values = settled.values as SettingValues;
  const isOn = writesOpenTsdb(settled);
  return {
    tsdb: {
      isOn: isOn && !isFileMode(settled),
      urls: [...new Set(values.tsdbHost.map((address) => urlOfTsdb(address, values.tsdbPort)))],
      put: values.put,
      putMaxBytes: values.putMaxBytes,
      assignUids: values.assignUids,
      headers: Object.fromEntries(values.tsdbHeader),
      caFile: values.tsdbCa,
    },
    graphite: graphiteOf(values, isOn || isFileMode(settled)),
    file: isFileMode(settled)
      ? { path: values.file ?? join(stateDir, 'points.put'), format: values.fileFormat }
      : undefined,
  };
}

function graphiteOf(values: SettingValues, isBesideOthers: boolean): GraphiteConfig | undefined {
  if (values.graphite.length === 0) return undefined;
  return {
    destinations: values.graphite,
    routing: values.graphiteRouting,
    names: values.graphiteNames,
    template: values.graphiteTemplate,
    omitTags: values.graphiteOmitTags,
    isTls: values.graphiteTls,
    caFile: values.graphiteCa,
    isRequired: values.graphiteRequired || !isBesideOthers,
  };
}
