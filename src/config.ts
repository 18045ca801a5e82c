// What an installation has settled: flags, environment, file and defaults joined to one configuration, or every fault at once.

import { join } from 'node:path';
import { readConfigFile } from './settings/config-file.ts';
import type { LogOptions } from './log.ts';
import type { TimeUnit } from './point.ts';
import { urlOfTsdb } from './settings/addresses.ts';
import { contradictions, isFileMode, withoutEffect } from './settings/contradictions.ts';
import { nameOf } from './settings/names.ts';
import { type Environment, type Fault, type Flags, settle, type Settled, strangeVariables } from './settings/origins.ts';
import { halfPairs, missingCredentials, readSecrets, visibleSecrets } from './settings/secrets.ts';
import { type ShownSetting, shownSettings } from './settings/shown.ts';
import { chooseStateDir, type StateDirChoice } from './settings/state-dir.ts';
import { settingEntries, type SettingValues } from './settings/settings.ts';
import { type Dimension, dimensions, type RttRule } from './sources/catchpoint/slices.ts';

/** An address to listen on; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface Config {
  readonly listen: ListenAddress;
  /** The second listener: health, and later metrics, status and administration. */
  readonly adminListen: ListenAddress;
  /** Whether `adminListen` was chosen by somebody; if not, a taken port is replaced by a free one. */
  readonly adminListenChosen: boolean;
  readonly maxBodyBytes: number;
  /** Where raw pushes are archived, and for how many days; undefined: nowhere. */
  readonly archive: { readonly directory: string; readonly days: number } | undefined;
  readonly tsdb: TsdbConfig;
  readonly file: FileConfig | undefined;
  readonly catchpoint: CatchpointConfig;
  readonly metrics: MetricsConfig;
  readonly stateDir: string;
  /** Bound on what waits in the spool; undefined: 4 GiB or half of the free space, whichever is less. */
  readonly spoolMaxBytes: number | undefined;
  readonly log: Pick<LogOptions, 'level' | 'format'>;
}

export interface TsdbConfig {
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

/** File mode: OpenTSDB is not contacted, the points go to a file. */
export interface FileConfig {
  readonly path: string;
  readonly format: 'import' | 'ndjson';
}

export interface CatchpointConfig {
  /** The origin of both REST APIs. */
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  readonly nodesFile: string | undefined;
  readonly refreshHours: number;
}

export interface MetricsConfig {
  /** What stands before every metric's name; the original's is `catchpoint`. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  /** `total`: the original's RTT, Timing.Total for every type of test. */
  readonly rtt: RttRule;
  readonly slices: readonly Dimension[];
  /** Also every other timing, byte count, counter, ping loss and traceroute hops. */
  readonly timings: boolean;
}

/** The places that settings come from, and the parts of the machine that reading them needs. */
export interface ConfigPlaces {
  readonly flags: Flags;
  readonly env: Environment;
  /** The configuration file that `--config` names. */
  readonly file?: { readonly path: string; readonly text: string } | undefined;
  /** Reads a file as text; throws the system's error. */
  readonly readFile: (path: string) => string;
  /** Whether the directory can be written, or made. */
  readonly canWriteIn: (path: string) => boolean;
}

export interface ReadConfigOptions {
  /** Whether it is a fault when there is nowhere to get the nodes from: no key, no file of nodes. */
  readonly needsNodes: boolean;
}

export interface ConfigRead {
  readonly config: Config;
  /** Every setting with its value (secrets do not show) and where it comes from. */
  readonly origins: readonly ShownSetting[];
  /** What is probably not meant as it stands. */
  readonly warnings: readonly string[];
}

/** Everything that is wrong with a configuration: a line of the message each. */
export class WrongConfiguration extends Error {
  override readonly name = 'WrongConfiguration';
  /** After sysexits: 64 when something on the command line is wrong, else 78. */
  readonly exitCode: 64 | 78;
  readonly warnings: readonly string[];
  constructor(faults: readonly Fault[], warnings: readonly string[] = []) {
    super(faults.map(({ text }) => text).join('\n'));
    this.warnings = warnings;
    this.exitCode = faults.some(({ exitCode }) => exitCode === 64) ? 64 : 78;
  }
}

/**
 * The configuration of an installation: flags before environment before file before defaults.
 *
 * @throws WrongConfiguration with every fault at once
 */
export function readConfig(places: ConfigPlaces, { needsNodes }: ReadConfigOptions): ConfigRead {
  const { flags, env, file, readFile, canWriteIn } = places;
  const names = settingEntries.filter(([, { isNotInFile }]) => isNotInFile !== true).map(([key]) => nameOf(key));
  const contents = file && readConfigFile(file.path, file.text, names);
  const settled = settle({ flags, env, file: contents });
  const secrets = readSecrets(settled, readFile);
  const stateDir = settled.values.stateDir ?? chooseStateDir(env, canWriteIn);
  const faults = [
    ...settled.faults,
    ...secrets.faults,
    ...halfPairs(settled),
    ...contradictions(settled),
    // What is wrong with the file may be the credentials in it.
    ...(needsNodes && (contents?.faults ?? []).length === 0 ? missingCredentials(settled) : []),
    ...(stateDir === undefined ? [noStateDir] : []),
  ];
  const warnings = [...strangeVariables(env), ...visibleSecrets(settled), ...withoutEffect(settled)];
  if (faults.length > 0) throw new WrongConfiguration(faults, warnings);

  const chosen = typeof stateDir === 'string' ? { path: stateDir } : (stateDir as StateDirChoice);
  const config = configOf(settled, secrets.found, chosen.path);
  return { config, origins: shownSettings(settled).map((shown) => withChoices(shown, config, chosen)), warnings };
}

const noStateDir: Fault = { text: 'state-dir: expected --state-dir, $STATE_DIRECTORY or $HOME, found none of them', exitCode: 64 };

/** The configuration of settings that are all right. */
function configOf(settled: Settled, secrets: Pick<CatchpointConfig, 'key' | 'secret' | 'apiKey'>, stateDir: string): Config {
  const values = settled.values as SettingValues;
  const { listen, adminListen, maxBodyBytes, catchpointUrl, nodesFile, refreshHours, spoolMaxBytes } = values;
  const { metricPrefix, resolution, rtt, slices, timings } = values;
  return {
    listen,
    adminListen,
    adminListenChosen: settled.origins.adminListen.rank > 0,
    maxBodyBytes,
    archive: values.archive === undefined ? undefined : { directory: values.archive, days: values.archiveDays },
    tsdb: {
      urls: [...new Set(values.tsdbHost.map((address) => urlOfTsdb(address, values.tsdbPort)))],
      put: values.put,
      putMaxBytes: values.putMaxBytes,
      assignUids: values.assignUids,
      headers: Object.fromEntries(values.tsdbHeader),
      caFile: values.tsdbCa,
    },
    file: isFileMode(settled) ? { path: values.file ?? join(stateDir, 'points.put'), format: values.fileFormat } : undefined,
    catchpoint: { url: catchpointUrl, ...secrets, nodesFile, refreshHours },
    metrics: { prefix: metricPrefix, resolution, rtt, slices: dimensions.filter((each) => slices.includes(each)), timings },
    stateDir,
    spoolMaxBytes,
    log: { level: values.logLevel, format: values.logFormat },
  };
}

/** What was chosen where nobody set it shows as chosen. */
function withChoices(shown: ShownSetting, config: Config, stateDir: Partial<StateDirChoice>): ShownSetting {
  const { origin } = stateDir;
  if (shown.name === 'state-dir' && origin !== undefined) return { ...shown, value: config.stateDir, origin };
  if (shown.name === 'file' && shown.origin === 'default') return { ...shown, value: config.file?.path ?? '' };
  if (shown.name === 'file-mode' && config.file !== undefined) return { ...shown, value: 'true' };
  return shown;
}
