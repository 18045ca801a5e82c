// The definition of a setting: its parser, its default and its help.

import { type Form, type Parse, yesOrNo } from './values.ts';

/** The headings of the help, in order. */
export const groups = [
  'Push',
  'Who may push',
  'OpenTSDB',
  'Graphite',
  'Backstop sink',
  'File mode',
  'Catchpoint',
  'Backstop',
  'Docker',
  'Metrics',
  'Cardinality',
  'State',
  'Own metrics',
  'Logging',
  'Configuration',
] as const;
type Group = (typeof groups)[number];

interface SettingDescription {
  /** The letter of the short flag. */
  readonly short?: string;
  /** The placeholder of the value in the help. */
  readonly argument?: string;
  /** A sentence without capital and full stop. */
  readonly help: string;
  /** Describes a default that is computed, in place of `default`. */
  readonly defaultText?: string;
  /** Removes the secret part of a text before it is shown. */
  readonly redact?: (text: string) => string;
  /** The value is never shown. */
  readonly isSecret?: boolean;
  /** Variables of another program that give the setting too. `text` replaces the value of the variable. */
  readonly alsoFrom?: readonly { readonly variable: string; readonly text?: string }[];
  /** The setting names a file. A change of the file is a change of the setting. */
  readonly isWatchedFile?: boolean;
  /** The configuration file cannot contain it. */
  readonly isNotInFile?: boolean;
}

interface UngroupedSetting<T> extends SettingDescription {
  /** `value`: one text. `list`: any number of texts, each split at the separator. `switch`: a flag without an argument. */
  readonly kind: 'value' | 'list' | 'switch';
  readonly separator?: ',' | '\n';
  /** The JSON Schema of the value or of one item. Undefined: any text or number. */
  readonly form?: Form | undefined;
  /** The default as text; undefined: none. */
  readonly default: string | undefined;
  /** @throws an Error with what was expected and what was found */
  readonly read: (texts: readonly string[]) => T;
}

export interface Setting<T> extends UngroupedSetting<T> {
  readonly group: Group;
}

type Grouped<S extends Readonly<Record<string, UngroupedSetting<unknown>>>> = {
  readonly [Key in keyof S]: Setting<ReturnType<S[Key]['read']>>;
};

/** Defines the settings of a group. */
export function inGroup<S extends Readonly<Record<string, UngroupedSetting<unknown>>>>(
  group: Group,
  settings: S,
): Grouped<S> {
  const entries = Object.entries(settings).map(([key, setting]) => [key, { group, ...setting }]);
  return Object.fromEntries(entries) as Grouped<S>;
}

interface Value<T> extends SettingDescription {
  readonly parse: Parse<T>;
}

interface ListValue<T> extends Value<T> {
  readonly separator: ',' | '\n';
  readonly default?: string;
}

/** A setting with a default. */
export function value<T>({ parse, ...described }: Value<T> & { readonly default: string }): UngroupedSetting<T> {
  return { ...described, kind: 'value', form: parse.form, read: ([text = '']) => parse(text) };
}

/** A setting without a default. */
export function optional<T>({ parse, ...described }: Value<T>): UngroupedSetting<T | undefined> {
  const read = ([text]: readonly string[]): T | undefined => (text === undefined ? undefined : parse(text));
  return { ...described, kind: 'value', form: parse.form, default: undefined, read };
}

/** A setting with several values, separated or given several times. With a default it needs at least one. */
export function list<T>({ parse, ...described }: ListValue<T>): UngroupedSetting<readonly T[]> {
  return {
    ...described,
    kind: 'list',
    form: parse.form,
    default: described.default,
    read(texts) {
      if (texts.length === 0 && described.default !== undefined) throw new Error('expected at least one, found none');
      return texts.map((text) => parse(text));
    },
  };
}

/** A setting that is on or off. */
export function toggle(
  described: SettingDescription & { readonly default: 'true' | 'false' },
): UngroupedSetting<boolean> {
  return { ...described, kind: 'switch', form: yesOrNo.form, read: ([text = '']) => yesOrNo(text) };
}
