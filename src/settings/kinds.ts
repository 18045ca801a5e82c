// What a setting is: how it is read, its default, and what stands about it in the help.

import { yesOrNo } from './values.ts';

/** The headings under which settings stand in the help, in order. */
export const groups = ['Push', 'OpenTSDB', 'File mode', 'Catchpoint', 'Metrics', 'State', 'Logging', 'Configuration'] as const;
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
  /** Cannot stand in the configuration file. */
  readonly isNotInFile?: boolean;
}

export interface Setting<T> extends Described {
  /** `value`: one text. `list`: any number of texts, each split at the separator. `switch`: a flag without an argument. */
  readonly kind: 'value' | 'list' | 'switch';
  readonly separator?: ',' | '\n';
  /** As somebody would give it; undefined: none. */
  readonly default: string | undefined;
  /** Reads what was given. Throws an Error that says what was expected and what was found. */
  readonly read: (texts: readonly string[]) => T;
}

interface Value<T> extends Described {
  /** Throws an Error that says what was expected and what was found. */
  readonly parse: (text: string) => T;
}

interface ListValue<T> extends Value<T> {
  readonly separator: ',' | '\n';
  readonly default?: string;
}

/** A setting with a default. */
export function value<T>({ parse, ...described }: Value<T> & { readonly default: string }): Setting<T> {
  return { ...described, kind: 'value', read: ([text = '']) => parse(text) };
}

/** A setting that may be absent. */
export function optional<T>({ parse, ...described }: Value<T>): Setting<T | undefined> {
  return { ...described, kind: 'value', default: undefined, read: ([text]) => (text === undefined ? undefined : parse(text)) };
}

/** A setting of several values, separated or given several times; with a default, it needs at least one. */
export function list<T>({ parse, ...described }: ListValue<T>): Setting<readonly T[]> {
  return {
    ...described,
    kind: 'list',
    default: described.default,
    read(texts) {
      if (texts.length === 0 && described.default !== undefined) throw new Error('expected at least one, found none');
      return texts.map((text) => parse(text));
    },
  };
}

/** A setting that is on or off. */
export function toggle(described: Described & { readonly default: 'true' | 'false' }): Setting<boolean> {
  return { ...described, kind: 'switch', read: ([text = '']) => yesOrNo(text) };
}
