// The rules that rewrite container names and give categories, as docker-stats-to-backstop had them.

import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as Re2js from 're2js';
import { type Match, replaceAll } from './go-template.ts';

/** In the order in which they are tried. */
export interface Rules {
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** RE2 syntax, as in Go; matches anywhere in the name. */
  readonly regexp: string;
  /** Go's template for each match; empty: the name stays. */
  readonly into: string;
  /** Empty: none. */
  readonly category: string;
  readonly pattern: Re2js.RE2JS;
}

export interface RuledName {
  readonly name: string;
  /** Undefined: none. */
  readonly category: string | undefined;
}

const maxRules = 1000;
const maxPartLength = 1000;
/** Names go through rules, and come out of them, with at most so many characters; Docker sets no limit. */
const maxNameLength = 1000;
const digestLength = 16;
const form = '{"regexp": …, "into": …, "category": …}';

/**
 * Reads a JSON array of `{regexp, into, category}` as Go's encoding/json did for docker-stats-to-backstop: keys in any
 * case, unknown keys ignored, `null` for nothing. An empty text and an empty array are no rules.
 *
 * @throws Error for anything else, for an expression that is not RE2 syntax, and for more than 1000 rules or characters
 *   in one of their parts
 */
export function parseRules(text: string | undefined): Rules {
  const parsed = parseJson(text, `a JSON array of ${form}`);
  if (parsed === null) return { rules: [] };
  if (!Array.isArray(parsed)) throw new Error(`expected a JSON array of ${form}, found ${describe(parsed)}`);
  if (parsed.length > maxRules) throw new Error(`expected at most ${maxRules} rules, found ${parsed.length}`);
  return { rules: parsed.map((item, index) => ruleOf(item, `rule ${index + 1}`)) };
}

/**
 * Reads the older form of docker-stats-to-backstop, `--prefix`: one object `{regexp, into}`. It becomes one rule without
 * a category. An empty text is no rule.
 *
 * @throws Error as parseRules
 */
export function prefixRule(text: string | undefined): Rules {
  const expected = 'a JSON object {"regexp": …, "into": …}';
  const parsed = parseJson(text, expected);
  if (parsed === null) return { rules: [] };
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new Error(`expected ${expected}, found ${describe(parsed)}`);
  }
  return { rules: [{ ...ruleOf(parsed, 'the rule'), category: '' }] };
}

/**
 * The first rule that matches counts. Its template replaces every match, or the name stays if it has none.
 * A slash at the beginning is removed before. Names of more than 1000 characters, which templates can make, are
 * shortened, with a digest at the end to keep them distinct.
 */
export function applyRules({ rules }: Rules, containerName: string): RuledName {
  const name = shortened(containerName.replace(/^\//, ''));
  for (const { pattern, into, category } of rules) {
    if (pattern.test(name)) {
      return {
        name: into === '' ? name : shortened(replaceAll(name, into, finderOf(pattern, name))),
        category: category === '' ? undefined : category,
      };
    }
  }
  return { name, category: undefined };
}

function finderOf(pattern: Re2js.RE2JS, text: string): (from: number) => Match | undefined {
  const matcher = pattern.matcher(text);
  const numbers = pattern.namedGroups();
  const last = pattern.groupCount();
  return (from) => {
    if (!matcher.find(from)) return undefined;
    return {
      start: matcher.start(),
      end: matcher.end(),
      group: (numberOrName) => {
        const number = typeof numberOrName === 'number' ? numberOrName : numbers[numberOrName];
        return number === undefined || number > last ? undefined : (matcher.group(number) ?? undefined);
      },
    };
  };
}

function shortened(name: string): string {
  if (name.length <= maxNameLength) return name;
  return `${name.slice(0, maxNameLength - digestLength)}${hash('sha256', name).slice(0, digestLength)}`;
}

/** Null for no text. */
function parseJson(text: string | undefined, expected: string): unknown {
  if (text === undefined || text.trim() === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`expected ${expected}, found ${quoted(text)} (${(error as Error).message})`, { cause: error });
  }
}

function ruleOf(item: unknown, where: string): Rule {
  if (typeof item !== 'object' || Array.isArray(item)) {
    throw new Error(`${where}: expected an object ${form}, found ${describe(item)}`);
  }
  const parts = { regexp: '', into: '', category: '' };
  for (const [key, value] of Object.entries(item ?? {}) as [string, unknown][]) {
    const part = key.toLowerCase();
    if (isPart(part) && value !== null) parts[part] = textOf(value, `${where}: ${part}`);
  }
  return { ...parts, pattern: compiled(parts.regexp, where) };
}

function isPart(key: string): key is 'regexp' | 'into' | 'category' {
  return key === 'regexp' || key === 'into' || key === 'category';
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where}: expected a text, found ${describe(value)}`);
  if (value.length > maxPartLength) {
    throw new Error(`${where}: expected at most ${maxPartLength} characters, found ${value.length}`);
  }
  return value;
}

let re2js: typeof Re2js | undefined;

/** RE2 matches in linear time. It is loaded with the first rule: the settings import this file at every start. */
function compiled(regexp: string, where: string): Re2js.RE2JS {
  re2js ??= createRequire(import.meta.url)('re2js') as typeof Re2js;
  try {
    return re2js.RE2JS.compile(regexp);
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, '');
    throw new Error(`${where}: regexp: expected RE2 syntax, found ${quoted(regexp)} (${reason})`, { cause: error });
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return quoted(value);
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : String(value);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
