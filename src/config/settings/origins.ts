// Settles each setting by the places that can give it: flags before environment before file before default. Every
// fault is collected, none is thrown.

import { type FileContents, type FileEntry, nearest, noSuchSetting } from './config-file.ts';
import type { Setting } from './kinds.ts';
import { environmentNameOf, environmentPrefix, flagOf, nameOf } from './names.ts';
import { type SettingKey, type SettingValues, settingEntries } from './settings.ts';

/** What stood on the command line, by the setting's key: a text, several, or whether a switch was set. */
export type Flags = Readonly<Partial<Record<SettingKey, string | boolean | readonly string[]>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a setting's value comes from. `rank`: of two origins the higher one counts. */
export interface Origin {
  readonly rank: 0 | 1 | 2 | 3;
  /** Such as `--listen`, `CATCHPOINT_BRIDGE_LISTEN`, `bridge.yaml:3: listen` or `default`. */
  readonly where: string;
}

/** Something wrong, in words that begin with its origin, and the exit code after sysexits that it deserves. */
export interface Fault {
  readonly text: string;
  readonly exitCode: 64 | 78;
}

export interface ResolvedSettings {
  /** Without those that have a fault. */
  readonly values: Partial<SettingValues>;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** The texts that were given, or the default's; unmasked. */
  readonly texts: Readonly<Record<SettingKey, readonly string[]>>;
  readonly faults: readonly Fault[];
}

/** Everything that can give a setting but its default. */
export interface Places {
  readonly flags: Flags;
  readonly env: Environment;
  readonly file: FileContents | undefined;
}

/** 64, wrong usage, for the command line; 78, wrong configuration, for the other places. */
export function faultAt(origin: Origin, words: string): Fault {
  return { text: `${origin.where}: ${words}`, exitCode: origin.rank === 1 || origin.rank === 2 ? 78 : 64 };
}

/** Takes each setting from the highest place that gives it, and reads it. */
export function resolveSettings(places: Places): ResolvedSettings {
  const values: Record<string, unknown> = {};
  const origins = {} as Record<SettingKey, Origin>;
  const texts = {} as Record<SettingKey, readonly string[]>;
  const faults: Fault[] = (places.file?.faults ?? []).map((text) => ({ text, exitCode: 78 }));
  for (const [key, setting] of settingEntries) {
    const given =
      fromFlags(key, setting, places) ??
      fromEnvironment(key, setting, places) ??
      fromFile(key, setting, places) ??
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

function fromFlags(key: SettingKey, setting: Setting<unknown>, { flags }: Places): Given | undefined {
  const given = flags[key];
  if (given === undefined) return undefined;
  const where = given === false ? `--no-${nameOf(key)}` : given === true ? `--${nameOf(key)}` : flagOf(key, setting);
  return { texts: typeof given === 'object' ? given : [String(given)], origin: { rank: 3, where } };
}

/** An empty variable counts as one that is not set. */
function fromEnvironment(key: SettingKey, { alsoFrom = [] }: Setting<unknown>, { env }: Places): Given | undefined {
  const named: readonly { readonly variable: string; readonly text?: string }[] = [
    { variable: environmentNameOf(key) },
    ...alsoFrom,
  ];
  const found = named.find(({ variable }) => (env[variable] ?? '') !== '');
  if (found === undefined) return undefined;
  return { texts: [found.text ?? env[found.variable] ?? ''], origin: { rank: 2, where: found.variable } };
}

function fromFile(key: SettingKey, setting: Setting<unknown>, { file }: Places): Given | undefined {
  const entry = file?.entries.get(nameOf(key));
  if (file === undefined || entry === undefined) return undefined;
  const wrongForm = wrongFormOf(entry, setting);
  return {
    texts: entry.texts,
    origin: { rank: 1, where: `${file.path}:${entry.line}: ${nameOf(key)}` },
    ...(wrongForm !== undefined && { wrongForm }),
  };
}

/** What is wrong with the kind of thing that stands in a file; undefined: nothing. */
function wrongFormOf(
  { isMap, isList, isTruth, texts }: FileEntry,
  { kind, separator }: Setting<unknown>,
): string | undefined {
  if (isTruth && kind !== 'switch') return `expected a text or a number, found ${texts.join(', ')}`;
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

/** Variables that look like settings and are none, in words. */
export function unknownVariables(env: Environment): string[] {
  const keys = settingEntries.map(([key]) => key);
  return Object.keys(env)
    .filter((name) => name.startsWith(environmentPrefix) && !keys.some((key) => environmentNameOf(key) === name))
    .map((name) => {
      const meant = nearest(name.slice(environmentPrefix.length), keys);
      return noSuchSetting(name, meant && environmentNameOf(meant));
    });
}
