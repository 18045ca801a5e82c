// Makes the bridge's configuration of the options and variables of `docker-stats`: Docker is the only source, Backstop the only sink.

import { join, basename } from 'node:path';
import { type ConfigInputs, type ConfigRead, readConfig, WrongConfiguration } from '../../config/config.ts';
import { environmentNameOf } from '../../config/settings/names.ts';
import { type Environment, type Fault, faultAt, type Flags, type Origin } from '../../config/settings/origins.ts';
import type { SettingKey } from '../../config/settings/settings.ts';
import { chooseStateDir } from '../../config/settings/state-dir.ts';
import { goInterval } from '../../config/settings/values.ts';
import { prefixRule } from '../../sources/docker/naming/rules.ts';
import { type StatsOption, statsOptions } from './options.ts';

/** An option's text, and the flag, the variable or the default that gives it. */
interface Given {
  readonly text: string;
  readonly origin: Origin;
}

/** The variables that a bridge of its own may see: not those of settings, nor those of a Backstop. */
const passedVariables = [
  'STATE_DIRECTORY',
  'HOME',
  'XDG_STATE_HOME',
  'DOCKER_HOST',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
] as const;

const stateDirName = 'docker-stats';

export interface StatsInputs extends Pick<ConfigInputs, 'readFile' | 'canWriteIn' | 'stampOf'> {
  /** By the name of the option; a switch is true. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly env: Environment;
  /** The name of this machine. */
  readonly host: string | undefined;
}

/**
 * A flag wins over its variable, and an empty variable counts as unset, as with docker-stats-to-backstop.
 *
 * @throws WrongConfiguration with the faults of the options, or else those of the configuration, each under the flag or
 *   variable that was given
 */
export function statsConfig(inputs: StatsInputs): ConfigRead {
  const { options, canWriteIn } = inputs;
  const env = Object.fromEntries(passedVariables.map((name) => [name, inputs.env[name]]));
  const given = new Map(statsOptions.flatMap((option) => entryOf(option, inputs)));
  const faults = [
    ...missingBackstop(given),
    ...wrongPoll(given.get('poll')),
    ...wrongPrefix(given),
    ...twoRules(given),
  ];
  if (faults.length > 0) throw new WrongConfiguration(faults);

  const [flags, flagOrigins] = settingsOf(given, { ...inputs, env });
  if (options['verbose'] === true) flags.logLevel = 'debug';
  try {
    const read = readConfig({ ...inputs, flags, flagOrigins, env, canWriteIn }, { needsNodes: false });
    return { ...read, warnings: read.warnings.map(underOwnVariable) };
  } catch (error) {
    if (!(error instanceof WrongConfiguration)) throw error;
    throw new WrongConfiguration(error.faults, error.warnings.map(underOwnVariable));
  }
}

function entryOf(option: StatsOption, { options, env, host }: StatsInputs): (readonly [string, Given])[] {
  const { name, variable = '' } = option;
  const flag = options[name];
  const fallback = name === 'hostname' ? host : option.default;
  if (typeof flag === 'string') return [[name, { text: flag, origin: { rank: 3, where: `--${name}` } }]];
  const text = env[variable] ?? '';
  if (text !== '') return [[name, { text, origin: { rank: 2, where: variable } }]];
  return fallback === undefined ? [] : [[name, { text: fallback, origin: { rank: 0, where: 'default' } }]];
}

type GivenOptions = ReadonlyMap<string, Given>;

function missingBackstop(given: GivenOptions): Fault[] {
  if ((given.get('backstop')?.text ?? '') !== '') return [];
  return [
    { text: 'backstop: expected --backstop or SRV_BACKSTOP with the URL to send to, found neither', exitCode: 64 },
  ];
}

/** The bridge's own form of an interval is not Go's: `60` and `1d` were errors. */
function wrongPoll(poll: Given | undefined): Fault[] {
  return poll === undefined ? [] : faultsOf(poll, goInterval('100ms', '24h'));
}

function wrongPrefix(given: GivenOptions): Fault[] {
  const prefix = given.get('prefix');
  return prefix === undefined ? [] : faultsOf(prefix, prefixRule);
}

function faultsOf({ text, origin }: Given, parse: (text: string) => unknown): Fault[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    return [faultAt(origin, (error as Error).message)];
  }
}

/** They are of different versions of docker-stats-to-backstop. A flag wins over the other one's variable. */
function twoRules(given: GivenOptions): Fault[] {
  const [prefix, rules] = [given.get('prefix'), given.get('rules')];
  if (prefix === undefined || rules === undefined || prefix.text === '' || rules.text === '') return [];
  if (prefix.origin.rank !== rules.origin.rank) return [];
  return [faultAt(prefix.origin, `expected it or ${rules.origin.where}, found both`)];
}

type SettingFlags = { -readonly [Key in keyof Flags]: Flags[Key] };
type FlagOrigins = Partial<Record<SettingKey, Origin>>;

function settingsOf(
  given: GivenOptions,
  { env, canWriteIn }: Pick<StatsInputs, 'env' | 'canWriteIn'>,
): [SettingFlags, FlagOrigins] {
  const flags: SettingFlags = { catchpoint: false, opentsdb: false, dockerNaming: 'legacy' };
  const origins: FlagOrigins = {};
  const set = (key: SettingKey, { text, origin }: Given): void => {
    flags[key] = text;
    origins[key] = origin;
  };
  for (const { name, key } of statsOptions) {
    const option = given.get(name);
    if (key !== undefined && option !== undefined) set(key, key === 'backstopSink' ? asSingleUrl(option) : option);
  }
  const rules = ruleOf(given);
  if (rules === undefined) delete flags.dockerRules;
  else set('dockerRules', rules);
  if (flags.stateDir === undefined) {
    const path = chooseStateDir(env, canWriteIn)?.path;
    if (path !== undefined) set('stateDir', { text: ownDirectory(path), origin: { rank: 0, where: 'default' } });
  }
  return [flags, origins];
}

/** The setting is a list, which commas separate. */
function asSingleUrl({ text, origin }: Given): Given {
  return { text: text.replaceAll(',', '%2C'), origin };
}

/** Empty rules are none. A prefix is an array of one rule. */
function ruleOf(given: GivenOptions): Given | undefined {
  const [rules, prefix] = ['rules', 'prefix']
    .map((name) => given.get(name))
    .map((one) => (one?.text === '' ? undefined : one));
  if (prefix === undefined || (rules !== undefined && rules.origin.rank > prefix.origin.rank)) return rules;
  const rule = prefixRule(prefix.text).rules.map(({ regexp, into }) => ({ regexp, into }));
  return { ...prefix, text: JSON.stringify(rule) };
}

/** A bridge beside it keeps its own spool. A unit may name the subdirectory in StateDirectory= itself. */
function ownDirectory(stateDir: string): string {
  return basename(stateDir) === stateDirName ? stateDir : join(stateDir, stateDirName);
}

/** Warnings of secrets in flags name the variable to use in their place. */
function underOwnVariable(warning: string): string {
  return statsOptions.reduce(
    (text, { key, variable }) =>
      key === undefined || variable === undefined
        ? text
        : text.replace(`${environmentNameOf(key)} or a configuration file`, variable),
    warning,
  );
}
