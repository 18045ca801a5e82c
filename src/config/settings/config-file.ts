// Reads a configuration file in YAML or JSON: its settings with their lines, and its faults.

import { createRequire } from 'node:module';
import { distance } from 'fastest-levenshtein';
import type * as Yaml from 'yaml';
import type { Document, LineCounter, Node, YAMLError } from 'yaml';

const require = createRequire(import.meta.url);
/** Loaded with the first file, because it takes longer than all settings and many bridges have no file. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/** The value of a setting in a file. A map such as `Name: value` becomes one text for each entry. */
export interface FileEntry {
  readonly line: number;
  readonly texts: readonly string[];
  readonly isList: boolean;
  /** A map, or a list that contains maps. */
  readonly isMap: boolean;
  /** An unquoted true or false. */
  readonly isBoolean: boolean;
}

export interface FileContents {
  readonly path: string;
  /** By setting name. */
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** Messages that begin with path and line. */
  readonly faults: readonly string[];
}

/** @param names - the setting names that the file may contain */
export function readConfigFile(path: string, text: string, names: readonly string[]): FileContents {
  const { isMap, isScalar, LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const entries = new Map<string, FileEntry>();
  const faults = document.errors.map((error) => `${path}:${faultOf(error, text, lines)}`);
  const { contents } = document;
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  if (!isReadable || contents === null) return { path, entries, faults };
  if (!isMap(contents)) {
    return { path, entries, faults: [`${path}:1: expected settings as "name: value", found ${kindOf(contents)}`] };
  }

  for (const { key, value } of contents.items) {
    const { line } = lines.linePos((key as Node).range?.[0] ?? 0);
    if (!isScalar(key)) {
      faults.push(`${path}:${line}: expected the name of a setting, found ${kindOf(key)}`);
      continue;
    }
    const name = String(key.value);
    const entry = entryOf(document, value);
    if (!names.includes(name)) faults.push(`${path}:${line}: ${noSuchSetting(name, nearest(name, names))}`);
    else if (typeof entry === 'string') faults.push(`${path}:${line}: ${name}: expected a value, found ${entry}`);
    else entries.set(name, { ...entry, line });
  }
  return { path, entries, faults };
}

/** A syntax error, or a duplicate key with the position of the second one. */
function faultOf({ code, message, pos: [at] }: YAMLError, text: string, lines: LineCounter): string {
  const { line, col } = lines.linePos(at);
  if (code === 'MULTIPLE_DOCS') return `${line}: expected one document, found another one behind ---`;
  if (code !== 'DUPLICATE_KEY') return `${line}:${col}: ${message}`;
  const [, quoted, bare] = /^(?:["']([^"'\n]*)["']|([^\s:]+))/.exec(text.slice(at)) ?? [];
  return `${line}: ${quoted ?? bare ?? 'a name'}: expected it once, found it a second time`;
}

/** The message for an unknown setting. */
export function noSuchSetting(name: string, suggestion: string | undefined): string {
  return `${name}: no such setting${suggestion === undefined ? '' : `; did you mean ${suggestion}?`}`;
}

type Texts = Omit<FileEntry, 'line'>;

/** The texts of a value. A value that no setting can have yields a description of it. */
function entryOf(document: Document, node: Node | null): Texts | string {
  const { isMap, isScalar, isSeq } = yaml();
  const value = resolved(document, node);
  if (isSeq(value)) {
    // Checked first, because an alias may refer to the list that contains it.
    if (value.items.some((item) => isSeq(resolved(document, item as Node | null)))) return 'a list that holds a list';
    const items = value.items.map((item) => entryOf(document, item as Node | null));
    const wrong = items.find((item) => typeof item === 'string');
    if (wrong !== undefined) return `a list that holds ${wrong}`;
    const entries = items as Texts[];
    const texts = entries.flatMap((entry) => entry.texts);
    return {
      texts,
      isList: true,
      isMap: entries.some((entry) => entry.isMap),
      isBoolean: entries.some((entry) => entry.isBoolean),
    };
  }
  if (isMap(value)) {
    const pairs = value.items.map(
      (pair) => [textOf(pair.key as Node | null), textOf(pair.value as Node | null)] as const,
    );
    if (pairs.some(([key, text]) => key === undefined || text === undefined))
      return 'a map of more than names and texts';
    return { texts: pairs.map(([key, text]) => `${key}: ${text}`), isList: false, isMap: true, isBoolean: false };
  }
  const text = textOf(value);
  const isBoolean = isScalar(value) && typeof value.value === 'boolean';
  return text === undefined ? kindOf(value) : { texts: [text], isList: false, isMap: false, isBoolean };
}

function resolved(document: Document, node: Node | null): Node | null {
  return yaml().isAlias(node) ? (node.resolve(document) ?? null) : node;
}

/** The source text of a scalar: 007 stays 007. */
function textOf(node: Node | null): string | undefined {
  if (!yaml().isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function kindOf(node: Node | null): string {
  const { isMap, isScalar, isSeq } = yaml();
  if (isSeq(node)) return 'a list';
  if (isMap(node)) return 'a map';
  return isScalar(node) && node.value !== null ? 'a single value' : 'nothing';
}

/** The most similar of the names, if one is similar enough. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = normalized(name);
  const [first] = names
    .map((candidate) => ({ candidate, changes: distance(wanted, normalized(candidate)) }))
    .filter(({ changes }) => changes <= Math.ceil(wanted.length / 3))
    .toSorted((a, b) => a.changes - b.changes);
  return first?.candidate;
}

/** Makes tsdbHost, tsdb_host and tsdb-host equal. */
function normalized(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
