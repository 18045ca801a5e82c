// The configuration of the sinks: OpenTSDB, Graphite, Backstop and file mode.

import { join } from 'node:path';
import type { NamingForm } from '../../sinks/graphite/template.ts';
import { type CarbonAddress, urlOfTsdb } from './addresses.ts';
import { isFileMode } from './contradictions.ts';
import { writesOpenTsdb } from './other-program-variables.ts';
import type { ResolvedSettings } from './origins.ts';
import type { SettingValues } from './settings.ts';

export interface SinksConfig {
  readonly tsdb: TsdbConfig;
  /** Undefined without --graphite. */
  readonly graphite: GraphiteConfig | undefined;
  /** Undefined without --backstop-sink. */
  readonly backstopSink: BackstopSinkConfig | undefined;
  /** Undefined outside of file mode. */
  readonly file: FileConfig | undefined;
}

interface TsdbConfig {
  /** False in file mode and with --no-opentsdb. */
  readonly isOn: boolean;
  /** Tried in turn. Examples: http://tsdb.example:4242, https://user:password@tsdb.example/prefix. */
  readonly urls: readonly string[];
  readonly put: 'http' | 'telnet';
  /** Maximum of a compressed request body. OpenTSDB with default settings refuses more than 8192 bytes. */
  readonly putMaxBytes: number;
  readonly assignUids: boolean;
  /** Extra request headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** A PEM file of certificate authorities to trust for https. */
  readonly caFile: string | undefined;
}

interface GraphiteConfig {
  readonly destinations: readonly CarbonAddress[];
  /** `all`: every destination gets every point. `hash`: each series has one destination. */
  readonly routing: 'all' | 'hash';
  readonly names: NamingForm;
  /** Undefined: the default template of the form. */
  readonly template: string | undefined;
  /** Tags that are omitted from the names. */
  readonly omitTags: readonly string[];
  readonly isTls: boolean;
  /** A PEM file of certificate authorities to trust. */
  readonly caFile: string | undefined;
  /** Required sinks make the spool wait for them. Graphite is one if configured so, or without OpenTSDB and file mode. */
  readonly isRequired: boolean;
}

interface BackstopSinkConfig {
  /** Each is a sink. Example: https://user:password@backstop.example/publish/PREFIX. */
  readonly urls: readonly string[];
  /** `dotted`: tags are nodes of the name. `tags`: a member of their own. */
  readonly names: 'dotted' | 'tags';
  /** A PEM file of certificate authorities to trust. */
  readonly caFile: string | undefined;
  /** See GraphiteConfig. */
  readonly isRequired: boolean;
}

interface FileConfig {
  readonly path: string;
  readonly format: 'import' | 'ndjson';
}

export function sinksConfig(resolved: ResolvedSettings, stateDir: string): SinksConfig {
  const values = resolved.values as SettingValues;
  const isOn = writesOpenTsdb(resolved);
  const isInFileMode = isFileMode(resolved);
  return {
    tsdb: {
      isOn: isOn && !isInFileMode,
      urls: [...new Set(values.tsdbHost.map((address) => urlOfTsdb(address, values.tsdbPort)))],
      put: values.put,
      putMaxBytes: values.putMaxBytes,
      assignUids: values.assignUids,
      headers: Object.fromEntries(values.tsdbHeader),
      caFile: values.tsdbCa,
    },
    graphite: graphiteConfig(values, isOn || isInFileMode),
    backstopSink: backstopSinkConfig(values, isOn || isInFileMode),
    file: isInFileMode ? { path: values.file ?? join(stateDir, 'points.put'), format: values.fileFormat } : undefined,
  };
}

function graphiteConfig(values: SettingValues, hasOtherSink: boolean): GraphiteConfig | undefined {
  if (values.graphite.length === 0) return undefined;
  return {
    destinations: values.graphite,
    routing: values.graphiteRouting,
    names: values.graphiteNames,
    template: values.graphiteTemplate,
    omitTags: values.graphiteOmitTags,
    isTls: values.graphiteTls,
    caFile: values.graphiteCa,
    isRequired: values.graphiteRequired || !hasOtherSink,
  };
}

function backstopSinkConfig(values: SettingValues, hasOtherSink: boolean): BackstopSinkConfig | undefined {
  if (values.backstopSink.length === 0) return undefined;
  return {
    urls: values.backstopSink,
    names: values.backstopSinkNames,
    caFile: values.backstopSinkCa,
    isRequired: values.backstopSinkRequired || !hasOtherSink,
  };
}
