// Reads a configuration file, YAML or JSON: which settings stand in it, on which lines, and what is wrong with it.

import { createRequire } from 'node:module';
import { distance } from 'fastest-levenshtein';
import type * as Yaml from 'yaml';
import type { Document, LineCounter, Node, YAMLError } from 'yaml';

const require = createRequire(import.meta.url);
/** Read in with the first file: it takes longer than all of our settings, and many a bridge has no file. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/** What a file gives for a setting: one text, or several; a map such as `Name: value` counts as several texts. */
export interface FileEntry {
  readonly line: number;
  readonly texts: readonly string[];
  readonly isList: boolean;
  /** Whether a map, or a list of maps, stood there. */
  readonly isMap: boolean;
  /** Whether true or false stood there, bare. */
  readonly isTruth: boolean;
}

export interface FileContents {
  readonly path: string;
  /** By the name of the setting. */
  readonly entries: ReadonlyMap<string, FileEntry>;
  /** Whole lines, each beginning with path and line. */
  readonly faults: readonly string[];
}

/**
 * The settings of a configuration file.
 *
 * @param names - the names that it may contain
 */
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

/** What is no YAML, and names that stand twice: the position is the second one's. */
function faultOf({ code, message, pos: [at] }: YAMLError, text: string, lines: LineCounter): string {
  const { line, col } = lines.linePos(at);
  if (code === 'MULTIPLE_DOCS') return `${line}: expected one document, found another one behind ---`;
  if (code !== 'DUPLICATE_KEY') return `${line}:${col}: ${message}`;
  const [, quoted, bare] = /^(?:["']([^"'\n]*)["']|([^\s:]+))/.exec(text.slice(at)) ?? [];
  return `${line}: ${quoted ?? bare ?? 'a name'}: expected it once, found it a second time`;
}

/** The words for a setting that there is not. */
export function noSuchSetting(name: string, meant: string | undefined): string {
  return `${name}: no such setting${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

type Texts = Omit<FileEntry, 'line'>;

/** What stands as a value; a text that describes it where it can be none. */
function entryOf(document: Document, node: Node | null): Texts | string {
  const { isMap, isScalar, isSeq } = yaml();
  const value = resolved(document, node);
  if (isSeq(value)) {
    // Looked at before they are read: an alias may stand for the list that it is in.
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
      isTruth: entries.some((entry) => entry.isTruth),
    };
  }
  if (isMap(value)) {
    const pairs = value.items.map(
      (pair) => [textOf(pair.key as Node | null), textOf(pair.value as Node | null)] as const,
    );
    if (pairs.some(([key, text]) => key === undefined || text === undefined))
      return 'a map of more than names and texts';
    return { texts: pairs.map(([key, text]) => `${key}: ${text}`), isList: false, isMap: true, isTruth: false };
  }
  const text = textOf(value);
  const isTruth = isScalar(value) && typeof value.value === 'boolean';
  return text === undefined ? kindOf(value) : { texts: [text], isList: false, isMap: false, isTruth };
}

function resolved(document: Document, node: Node | null): Node | null {
  return yaml().isAlias(node) ? (node.resolve(document) ?? null) : node;
}

/** A scalar as it was written: 007 stays 007. */
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

/** The one of the names that was probably meant, if one is close. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = plain(name);
  const [first] = names
    .map((candidate) => ({ candidate, changes: distance(wanted, plain(candidate)) }))
    .filter(({ changes }) => changes <= Math.ceil(wanted.length / 3))
    .toSorted((a, b) => a.changes - b.changes);
  return first?.candidate;
}

/** tsdbHost, tsdb_host and tsdb-host are the same but for their dress. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
