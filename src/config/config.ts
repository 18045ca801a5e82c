// Reads the configuration: flags, environment, file and defaults become one Config, or every fault is reported at once.

import type { AccessOptions } from '../auth/access-policy.ts';
import type { LogOptions } from '../runtime/log.ts';
import type { TimeUnit } from '../model/point.ts';
import type { RunTagOptions } from '../sources/catchpoint/run-tags.ts';
import { type Dimension, dimensions, type RttRule } from '../sources/catchpoint/slices.ts';
import type { DockerSettings } from '../sources/docker/docker.ts';
import { accessConfig, accessFaults } from './settings/access-config.ts';
import type { ListenAddress } from './settings/addresses.ts';
import { type BackstopConfig, backstopConfig } from './settings/backstop-config.ts';
import { readConfigFile } from './settings/config-file.ts';
import { beyondTagBudget, contradictions, unusualPublishUrls, withoutEffect } from './settings/contradictions.ts';
import { dockerConfig, dockerFaults, dockerWarnings } from './settings/docker-config.ts';
import { nameOf } from './settings/names.ts';
import {
  type Environment,
  type Fault,
  type Flags,
  type Origin,
  resolveSettings,
  type ResolvedSettings,
  unknownVariables,
} from './settings/origins.ts';
import { takesCatchpoint } from './settings/other-program-variables.ts';
import { type RedactedSetting, redactedSettings, withDerivedValue } from './settings/redacted-settings.ts';
import { incompletePairs, missingCredentials, readSecrets, visibleSecrets } from './settings/secrets.ts';
import { settingHashes, type SettingHashes } from './settings/setting-hashes.ts';
import { settingEntries, type SettingKey, type SettingValues } from './settings/settings.ts';
import { type SinksConfig, sinksConfig } from './settings/sink-config.ts';
import { chooseStateDir } from './settings/state-dir.ts';

export interface Config extends SinksConfig {
  readonly listen: ListenAddress;
  /** The admin listener: health, metrics, status page and administration. */
  readonly adminListen: ListenAddress;
  /** False for the default address. Its port is replaced by a free one if it is taken. */
  readonly adminListenChosen: boolean;
  readonly maxBodyBytes: number;
  /** The number of worker processes; 0: this process takes the requests. */
  readonly workers: number;
  readonly access: AccessOptions;
  /** Undefined without --archive. */
  readonly archive: { readonly directory: string; readonly days: number } | undefined;
  readonly catchpoint: CatchpointConfig;
  /** False with --no-catchpoint, and with nothing but Backstop's variables set. */
  readonly takesCatchpoint: boolean;
  /** Undefined without --backstop. */
  readonly backstop: BackstopConfig | undefined;
  /** Undefined without --docker. */
  readonly docker: DockerSettings | undefined;
  readonly metrics: MetricsConfig;
  readonly cardinality: CardinalityConfig;
  readonly stateDir: string;
  /** Undefined: see defaultMaxBytes. */
  readonly spoolMaxBytes: number | undefined;
  /** Maximum memory for the keys of recent runs. */
  readonly dedupMaxBytes: number;
  /** Limits of the backlog of an optional sink. `maxBytes` undefined: a quarter of the spool's limit. */
  readonly optional: { readonly maxBytes: number | undefined; readonly maxAgeMs: number };
  readonly log: Pick<LogOptions, 'level' | 'format'>;
  /** Absent without --self-metrics. */
  readonly selfMetrics?: { readonly everyMs: number; readonly prefix: string };
}

export interface CatchpointConfig {
  /** The origin of both REST APIs. */
  readonly url: string;
  /** Key and secret of API v1. */
  readonly key: string | undefined;
  readonly secret: string | undefined;
  /** The key of API v2. */
  readonly apiKey: string | undefined;
  readonly nodesFile: string | undefined;
  /** A file that overrides fields of nodes. */
  readonly nodeOverrides?: string | undefined;
  readonly refreshHours: number;
}

interface CardinalityConfig {
  readonly maxTests: number;
  /** Maximum of nodes that the directory does not list. */
  readonly maxNodes: number;
  /** Maximum for each tag with values from pushes: error codes, AS numbers, test names, label values. */
  readonly maxTagValues: number;
}

interface MetricsConfig extends RunTagOptions {
  /** The first part of every metric name; `catchpoint` in the original bridge. */
  readonly prefix: string;
  readonly resolution: TimeUnit;
  /** `total` is the RTT of the original bridge: Timing.Total for every type of test. */
  readonly rtt: RttRule;
  readonly slices: readonly Dimension[];
  /** Adds all other timings, byte counts and counters, ping loss and traceroute hops. */
  readonly timings: boolean;
}

/** The places of settings, and the file operations that reading them needs. */
export interface ConfigInputs {
  readonly flags: Flags;
  /** Where a command has its flags from if they are not settings as such: a flag or variable of its own, or a default. */
  readonly flagOrigins?: Partial<Readonly<Record<SettingKey, Origin>>>;
  readonly env: Environment;
  /** The file of --config. */
  readonly file?: { readonly path: string; readonly text: string } | undefined;
  /** Throws the error of the system. */
  readonly readFile: (path: string) => string;
  /** Reports whether the directory is writable or can be created. */
  readonly canWriteIn: (path: string) => boolean;
  /** Changes with the file; undefined if the file cannot be read. Without it no change of a file is detected. */
  readonly stampOf?: (path: string) => string | undefined;
}

export interface ReadConfigOptions {
  /** Missing credentials are a fault, unless there is a nodes file. */
  readonly needsNodes: boolean;
}

export interface ConfigRead {
  readonly config: Config;
  /** Every setting with its redacted value and its origin. */
  readonly origins: readonly RedactedSetting[];
  /** The hash of a setting changes with its value, or with the file that it names. */
  readonly hashes: SettingHashes;
  /** Settings that are probably mistakes. */
  readonly warnings: readonly string[];
}

/** The message has a line for each fault. */
export class WrongConfiguration extends Error {
  override readonly name = 'WrongConfiguration';
  /** After sysexits: 64 with a fault on the command line, otherwise 78. */
  readonly exitCode: 64 | 78;
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
  constructor(faults: readonly Fault[], warnings: readonly string[] = []) {
    super(faults.map(({ text }) => text).join('\n'));
    this.faults = faults;
    this.warnings = warnings;
    this.exitCode = faults.some(({ exitCode }) => exitCode === 64) ? 64 : 78;
  }
}

/** @throws WrongConfiguration with every fault */
export function readConfig(inputs: ConfigInputs, { needsNodes }: ReadConfigOptions): ConfigRead {
  const { env, readFile, canWriteIn, stampOf = () => undefined } = inputs;
  const namesInFile = settingEntries.filter(([, { isNotInFile }]) => isNotInFile !== true).map(([key]) => nameOf(key));
  const file = inputs.file && readConfigFile(inputs.file.path, inputs.file.text, namesInFile);
  const resolved = resolveSettings({ ...inputs, file });
  const secrets = readSecrets(resolved, readFile);
  const { stateDir } = resolved.values;
  const stateDirChoice =
    stateDir === undefined ? chooseStateDir(env, canWriteIn) : { path: stateDir, origin: undefined };
  // With a faulty file credentials may be missing only because of its faults.
  const needsCredentials = needsNodes && takesCatchpoint(resolved) && (file?.faults ?? []).length === 0;
  const faults = [
    ...resolved.faults,
    ...secrets.faults,
    ...accessFaults(resolved, secrets.found.rotationSecret, readFile),
    ...incompletePairs(resolved),
    ...contradictions(resolved),
    ...dockerFaults(resolved, env),
    ...(needsCredentials ? missingCredentials(resolved) : []),
    ...(stateDirChoice === undefined ? [noStateDir] : []),
  ];
  const warnings = [
    ...unknownVariables(env),
    ...visibleSecrets(resolved),
    ...withoutEffect(resolved),
    ...beyondTagBudget(resolved),
    ...unusualPublishUrls(resolved),
    ...dockerWarnings(resolved),
    ...backstopAlone(resolved),
  ];
  if (faults.length > 0 || stateDirChoice === undefined) throw new WrongConfiguration(faults, warnings);

  const config = configOf(resolved, secrets.found, stateDirChoice.path, env);
  const origins = redactedSettings(resolved).map((setting) => withDerivedValue(setting, config, stateDirChoice.origin));
  return { config, origins, hashes: settingHashes(resolved, stampOf), warnings };
}

const noStateDir: Fault = {
  text: 'state-dir: expected --state-dir, $STATE_DIRECTORY or $HOME, found none of them',
  exitCode: 64,
};

function backstopAlone(resolved: ResolvedSettings): string[] {
  if (resolved.values.catchpoint !== true || takesCatchpoint(resolved)) return [];
  const { where } = resolved.origins.backstop;
  return [`${where}: Backstop alone is run; Catchpoint's pushes are not taken, there are no credentials`];
}

/** Needs settings without faults. */
function configOf(
  resolved: ResolvedSettings,
  found: ReturnType<typeof readSecrets>['found'],
  stateDir: string,
  env: Environment,
): Config {
  const values = resolved.values as SettingValues;
  const { rotationSecret, ...credentials } = found;
  const { listen, adminListen, maxBodyBytes, workers, spoolMaxBytes, dedupMaxBytes } = values;
  const { catchpointUrl: url, nodesFile, nodeOverrides, refreshHours } = values;
  const { metricPrefix: prefix, resolution, rtt, slices, timings, testAsTag, testNameTag, labelTags } = values;
  const { maxTests, maxNodes, maxTagValues } = values;
  return {
    listen,
    adminListen,
    adminListenChosen: resolved.origins.adminListen.rank > 0,
    maxBodyBytes,
    workers,
    access: accessConfig(values, rotationSecret),
    archive: values.archive === undefined ? undefined : { directory: values.archive, days: values.archiveDays },
    ...sinksConfig(resolved, stateDir),
    catchpoint: { url, ...credentials, nodesFile, nodeOverrides, refreshHours },
    takesCatchpoint: takesCatchpoint(resolved),
    backstop: backstopConfig(values),
    docker: dockerConfig(values, env),
    metrics: {
      prefix,
      resolution,
      rtt,
      slices: dimensions.filter((dimension) => slices.includes(dimension)),
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
