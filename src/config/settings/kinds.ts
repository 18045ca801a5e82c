// What a setting is: how it is read, its default, and what stands about it in the help.

import { type Form, type Parse, yesOrNo } from './values.ts';

/** The headings under which settings stand in the help, in order. */
export const groups = [
  'Push',
  'Who may push',
  'OpenTSDB',
  'Graphite',
  'File mode',
  'Catchpoint',
  'Backstop',
  'Metrics',
  'Cardinality',
  'State',
  'Own metrics',
  'Logging',
  'Configuration',
] as const;
export type Group = (typeof groups)[number];

/** What is said of a setting in the table. */
export interface Described {
  readonly group: Group;
  /** The letter of the short flag. */
  readonly short?: string;
  /** What stands for the value in the help. */
  readonly argument?: string;
  /** A sentence without a capital and a full stop. */
  readonly help: string;
  /** The default in words, where it is no text that one could give. */
  readonly defaultWords?: string;
  /** Makes a text fit to be shown; secrets do not show at all. */
  readonly masked?: (text: string) => string;
  readonly isSecret?: boolean;
  /** Variables of another program's environment that give it, after its own; `text`: what being set says, where that is not its text. */
  readonly alsoFrom?: readonly { readonly variable: string; readonly text?: string }[];
  /** Names a file that a running bridge reads again when it changes. */
  readonly isWatchedFile?: boolean;
  /** Cannot stand in the configuration file. */
  readonly isNotInFile?: boolean;
}

export interface Setting<T> extends Described {
  /** `value`: one text. `list`: any number of texts, each split at the separator. `switch`: a flag without an argument. */
  readonly kind: 'value' | 'list' | 'switch';
  readonly separator?: ',' | '\n';
  /** What the value, or each of several, may look like in a configuration file; undefined: any text or number. */
  readonly form?: Form | undefined;
  /** As somebody would give it; undefined: none. */
  readonly default: string | undefined;
  /** Reads what was given. Throws an Error that says what was expected and what was found. */
  readonly read: (texts: readonly string[]) => T;
}

interface Value<T> extends Described {
  readonly parse: Parse<T>;
}

interface ListValue<T> extends Value<T> {
  readonly separator: ',' | '\n';
  readonly default?: string;
}

/** A setting with a default. */
export function value<T>({ parse, ...described }: Value<T> & { readonly default: string }): Setting<T> {
  return { ...described, kind: 'value', form: parse.form, read: ([text = '']) => parse(text) };
}

/** A setting that may be absent. */
export function optional<T>({ parse, ...described }: Value<T>): Setting<T | undefined> {
  const read = ([text]: readonly string[]): T | undefined => (text === undefined ? undefined : parse(text));
  return { ...described, kind: 'value', form: parse.form, default: undefined, read };
}

/** A setting of several values, separated or given several times; with a default, it needs at least one. */
export function list<T>({ parse, ...described }: ListValue<T>): Setting<readonly T[]> {
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
export function toggle(described: Described & { readonly default: 'true' | 'false' }): Setting<boolean> {
  return { ...described, kind: 'switch', form: yesOrNo.form, read: ([text = '']) => yesOrNo(text) };
}
