// What an installation has settled: flags, environment, file and defaults joined to one configuration, or every fault at once.

import { readConfigFile } from './settings/config-file.ts';
import type { LogOptions } from '../runtime/log.ts';
import type { TimeUnit } from '../model/point.ts';
import { type AccessConfig, accessConfig, accessFaults } from './settings/access-config.ts';
import type { ListenAddress } from './settings/addresses.ts';
import { type BackstopConfig, backstopOf } from './settings/backstop-config.ts';
import { beyondTagBudget, contradictions, withoutEffect } from './settings/contradictions.ts';
import { settingHashes, type SettingHashes } from './settings/setting-hashes.ts';
import { takesCatchpoint } from './settings/other-program-variables.ts';
import { nameOf } from './settings/names.ts';
import {
  type Environment,
  type Fault,
  type Flags,
  resolveSettings,
  type ResolvedSettings,
  unknownVariables,
} from './settings/origins.ts';
import { incompletePairs, missingCredentials, readSecrets, visibleSecrets } from './settings/secrets.ts';
import { type RedactedSetting, redactedSettings } from './settings/redacted-settings.ts';
import { chooseStateDir, type StateDirChoice } from './settings/state-dir.ts';
import { settingEntries, type SettingValues } from './settings/settings.ts';
import { type SinksConfig, sinksOf } from './settings/sink-config.ts';
import type { RunTagOptions } from '../sources/catchpoint/run-tags.ts';
import { type Dimension, dimensions, type RttRule } from '../sources/catchpoint/slices.ts';

export interface Config extends SinksConfig {
  readonly listen: ListenAddress;
  /** The second listener: health, and later metrics, status and administration. */
  readonly adminListen: ListenAddress;
  /** Whether `adminListen` was chosen by somebody; if not, a taken port is replaced by a free one. */
  readonly adminListenChosen: boolean;
  readonly maxBodyBytes: number;
  /** How many processes take requests in place of the owner; 0: it takes them itself. */
  readonly workers: number;
  /** Who may push, and how much. */
  readonly access: AccessConfig;
  /** Where raw pushes are archived, and for how many days; undefined: nowhere. */
  readonly archive: { readonly directory: string; readonly days: number } | undefined;
  readonly catchpoint: CatchpointConfig;
  /** Whether Catchpoint's pushes are taken. */
  readonly takesCatchpoint: boolean;
  /** Undefined: nothing is taken in Backstop's place. */
  readonly backstop: BackstopConfig | undefined;
  readonly metrics: MetricsConfig;
  /** Bounds on what pushes may bring that was not seen before. */
  readonly cardinality: CardinalityConfig;
  readonly stateDir: string;
  /** Bound on what waits in the spool; undefined: 4 GiB or half of the free space, whichever is less. */
  readonly spoolMaxBytes: number | undefined;
  /** Bound on the memory by which a run is known again. */
  readonly dedupMaxBytes: number;
  /** What may wait for an optional sink: its bytes (undefined: a quarter of the spool's bound) and its age. */
  readonly optional: { readonly maxBytes: number | undefined; readonly maxAgeMs: number };
  readonly log: Pick<LogOptions, 'level' | 'format'>;
  /** How often the bridge's own metrics are delivered, and what stands before their names; absent: never. */
  readonly selfMetrics?: { readonly everyMs: number; readonly prefix: string };
}

export interface CatchpointConfig {
  /** The origin of both REST APIs. */
  readonly url: string;
  readonly key: string | undefined;
  readonly secret: string | undefined;
  readonly apiKey: string | undefined;
  readonly nodesFile: string | undefined;
  /** What is said of nodes in place of what Catchpoint says. */
  readonly nodeOverrides?: string | undefined;
  readonly refreshHours: number;
}

export interface CardinalityConfig {
  readonly maxTests: number;
  /** Of nodes that the directory does not know. */
  readonly maxNodes: number;
  /** Of each kind of tag value that a push brings: error codes, AS numbers, test names, values of a label. */
  readonly maxTagValues: number;
}

export interface MetricsConfig extends RunTagOptions {
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
  /** Changes when the file does; undefined where it cannot be looked at. Without it no change of a file is seen. */
  readonly stampOf?: (path: string) => string | undefined;
}

export interface ReadConfigOptions {
  /** Whether it is a fault when there is nowhere to get the nodes from: no key, no file of nodes. */
  readonly needsNodes: boolean;
}

export interface ConfigRead {
  readonly config: Config;
  /** Every setting with its value (secrets do not show) and where it comes from. */
  readonly origins: readonly RedactedSetting[];
  /** Of every setting: another when its value, or the file that it names, is another. */
  readonly digests: SettingHashes;
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
  const { flags, env, file, readFile, canWriteIn, stampOf = () => undefined } = places;
  const names = settingEntries.filter(([, { isNotInFile }]) => isNotInFile !== true).map(([key]) => nameOf(key));
  const contents = file && readConfigFile(file.path, file.text, names);
  const settled = resolveSettings({ flags, env, file: contents });
  const secrets = readSecrets(settled, readFile);
  const stateDir = settled.values.stateDir ?? chooseStateDir(env, canWriteIn);
  const faults = [
    ...settled.faults,
    ...secrets.faults,
    ...accessFaults(settled, secrets.found.rotationSecret, readFile),
    ...incompletePairs(settled),
    ...contradictions(settled),
    // What is wrong with the file may be the credentials in it.
    ...(needsNodes && takesCatchpoint(settled) && (contents?.faults ?? []).length === 0
      ? missingCredentials(settled)
      : []),
    ...(stateDir === undefined ? [noStateDir] : []),
  ];
  const warnings = [
    ...unknownVariables(env),
    ...visibleSecrets(settled),
    ...withoutEffect(settled),
    ...beyondTagBudget(settled),
  ];
  if (settled.values.catchpoint === true && !takesCatchpoint(settled))
    warnings.push(
      `${settled.origins.backstop.where}: Backstop alone is run; Catchpoint's pushes are not taken, there are no credentials`,
    );
  if (faults.length > 0) throw new WrongConfiguration(faults, warnings);

  const chosen = typeof stateDir === 'string' ? { path: stateDir } : (stateDir as StateDirChoice);
  const config = configOf(settled, secrets.found, chosen.path);
  const origins = redactedSettings(settled).map((shown) => withChoices(shown, config, chosen));
  return { config, origins, digests: settingHashes(settled, stampOf), warnings };
}

const noStateDir: Fault = {
  text: 'state-dir: expected --state-dir, $STATE_DIRECTORY or $HOME, found none of them',
  exitCode: 64,
};

/** The configuration of settings that are all right. */
function configOf(settled: ResolvedSettings, found: ReturnType<typeof readSecrets>['found'], stateDir: string): Config {
  const values = settled.values as SettingValues;
  const { rotationSecret, ...secrets } = found;
  const {
    listen,
    adminListen,
    maxBodyBytes,
    workers,
    catchpointUrl,
    nodesFile,
    nodeOverrides,
    refreshHours,
    spoolMaxBytes,
    dedupMaxBytes,
  } = values;
  const { metricPrefix, resolution, rtt, slices, timings, testAsTag, testNameTag, labelTags } = values;
  const { maxTests, maxNodes, maxTagValues } = values;
  return {
    listen,
    adminListen,
    adminListenChosen: settled.origins.adminListen.rank > 0,
    maxBodyBytes,
    workers,
    access: accessConfig(values, rotationSecret),
    archive: values.archive === undefined ? undefined : { directory: values.archive, days: values.archiveDays },
    ...sinksOf(settled, stateDir),
    catchpoint: { url: catchpointUrl, ...secrets, nodesFile, nodeOverrides, refreshHours },
    takesCatchpoint: takesCatchpoint(settled),
    backstop: backstopOf(values),
    metrics: {
      prefix: metricPrefix,
      resolution,
      rtt,
      slices: dimensions.filter((each) => slices.includes(each)),
      timings,
      testAsTag,
      testNameTag,
      labelTags,
    },
    cardinality: { maxTests, maxNodes, maxTagValues },
    stateDir,
    spoolMaxBytes,
    dedupMaxBytes,
    optional: { maxBytes: values.optionalMaxBytes, maxAgeMs: values.optionalMaxHours * 3_600_000 },
    log: { level: values.logLevel, format: values.logFormat },
    ...(values.selfMetrics !== undefined && {
      selfMetrics: { everyMs: values.selfMetrics, prefix: values.selfMetricsPrefix },
    }),
  };
}

/** What was chosen where nobody set it shows as chosen. */
function withChoices(shown: RedactedSetting, config: Config, stateDir: Partial<StateDirChoice>): RedactedSetting {
  const { origin } = stateDir;
  if (shown.name === 'state-dir' && origin !== undefined) return { ...shown, value: config.stateDir, origin };
  if (shown.name === 'file' && shown.origin === 'default') return { ...shown, value: config.file?.path ?? '' };
  if (shown.name === 'file-mode' && config.file !== undefined) return { ...shown, value: 'true' };
  return shown;
}
