// Resolves each setting: flags take precedence over the environment, the file and the default, in this order.
// Faults are collected, not thrown.

import { type FileContents, type FileEntry, nearest, noSuchSetting } from './config-file.ts';
import type { Setting } from './setting.ts';
import { environmentNameOf, environmentPrefix, flagOf, nameOf } from './names.ts';
import { type SettingKey, type SettingValues, settingEntries } from './settings.ts';

/** The command line by setting key: a text, several texts, or the state of a switch. */
export type Flags = Readonly<Partial<Record<SettingKey, string | boolean | readonly string[]>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** The place that gives a setting. */
export interface Origin {
  /** 3: flag, 2: environment, 1: file, 0: default. The highest rank wins. */
  readonly rank: 0 | 1 | 2 | 3;
  /** Examples: `--listen`, `CATCHPOINT_BRIDGE_LISTEN`, `bridge.yaml:3: listen`, `default`. */
  readonly where: string;
}

export interface Fault {
  /** Begins with the origin. */
  readonly text: string;
  /** After sysexits: 78 for the environment and the configuration file, 64 otherwise. */
  readonly exitCode: 64 | 78;
}

export interface ResolvedSettings {
  /** Settings with a fault are absent. */
  readonly values: Partial<SettingValues>;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** The texts as given, secrets included, or the default. */
  readonly texts: Readonly<Record<SettingKey, readonly string[]>>;
  readonly faults: readonly Fault[];
}

interface Inputs {
  readonly flags: Flags;
  /** In place of the names of flags. */
  readonly flagOrigins?: Partial<Readonly<Record<SettingKey, Origin>>>;
  readonly env: Environment;
  readonly file: FileContents | undefined;
}

export function faultAt(origin: Origin, reason: string): Fault {
  return { text: `${origin.where}: ${reason}`, exitCode: origin.rank === 1 || origin.rank === 2 ? 78 : 64 };
}

export function resolveSettings(inputs: Inputs): ResolvedSettings {
  const values: Record<string, unknown> = {};
  const origins = {} as Record<SettingKey, Origin>;
  const texts = {} as Record<SettingKey, readonly string[]>;
  const faults: Fault[] = (inputs.file?.faults ?? []).map((text) => ({ text, exitCode: 78 }));
  for (const [key, setting] of settingEntries) {
    const given =
      fromFlags(key, setting, inputs) ??
      fromEnvironment(key, setting, inputs) ??
      fromFile(key, setting, inputs) ??
      byDefault(setting);
    origins[key] = given.origin;
    texts[key] = setting.kind === 'list' ? split(given.texts, setting.separator ?? ',') : given.texts;
    try {
      if (given.wrongForm !== undefined) throw new Error(given.wrongForm);
      values[key] = setting.read(texts[key]);
    } catch (error) {
      faults.push(faultAt(given.origin, (error as Error).message));
    }
  }
  return { values, origins, texts, faults };
}

interface Given {
  readonly texts: readonly string[];
  readonly origin: Origin;
  readonly wrongForm?: string;
}

function fromFlags(key: SettingKey, setting: Setting<unknown>, { flags, flagOrigins }: Inputs): Given | undefined {
  const given = flags[key];
  if (given === undefined) return undefined;
  const where = given === false ? `--no-${nameOf(key)}` : given === true ? `--${nameOf(key)}` : flagOf(key, setting);
  return {
    texts: typeof given === 'object' ? given : [String(given)],
    origin: flagOrigins?.[key] ?? { rank: 3, where },
  };
}

/** An empty variable counts as unset. */
function fromEnvironment(key: SettingKey, { alsoFrom = [] }: Setting<unknown>, { env }: Inputs): Given | undefined {
  const named: readonly { readonly variable: string; readonly text?: string }[] = [
    { variable: environmentNameOf(key) },
    ...alsoFrom,
  ];
  const found = named.find(({ variable }) => (env[variable] ?? '') !== '');
  if (found === undefined) return undefined;
  return { texts: [found.text ?? env[found.variable] ?? ''], origin: { rank: 2, where: found.variable } };
}

function fromFile(key: SettingKey, setting: Setting<unknown>, { file }: Inputs): Given | undefined {
  const entry = file?.entries.get(nameOf(key));
  if (file === undefined || entry === undefined) return undefined;
  const wrongForm = wrongFormOf(entry, setting);
  return {
    texts: entry.texts,
    origin: { rank: 1, where: `${file.path}:${entry.line}: ${nameOf(key)}` },
    ...(wrongForm !== undefined && { wrongForm }),
  };
}

/** The fault of a YAML type that the setting does not accept. */
function wrongFormOf(
  { isMap, isList, isBoolean, texts }: FileEntry,
  { kind, separator }: Setting<unknown>,
): string | undefined {
  if (isBoolean && kind !== 'switch') return `expected a text or a number, found ${texts.join(', ')}`;
  const wanted = kind === 'list' ? 'a list of texts' : 'a single value';
  if (isMap && separator !== '\n') return `expected ${wanted}, found a map`;
  return isList && kind !== 'list' ? `expected ${wanted}, found a list` : undefined;
}

function byDefault(setting: Setting<unknown>): Given {
  return { texts: setting.default === undefined ? [] : [setting.default], origin: { rank: 0, where: 'default' } };
}

function split(texts: readonly string[], separator: string): string[] {
  return texts
    .flatMap((text) => text.split(separator))
    .map((text) => text.trim())
    .filter((text) => text !== '');
}

/** Warnings for variables that have the prefix but are not settings. */
export function unknownVariables(env: Environment): string[] {
  const keys = settingEntries.map(([key]) => key);
  return Object.keys(env)
    .filter((name) => name.startsWith(environmentPrefix) && !keys.some((key) => environmentNameOf(key) === name))
    .map((name) => {
      const suggestion = nearest(name.slice(environmentPrefix.length), keys);
      return noSuchSetting(name, suggestion && environmentNameOf(suggestion));
    });
}
