// What somebody says of nodes in place of what Catchpoint says: a YAML or JSON file by node id, read line by line.

import { distance } from 'fastest-levenshtein';
import { isMap, isScalar, LineCounter, type Node as YamlNode, type Pair, parseDocument } from 'yaml';
import { legalTagText } from '../../../model/tag-text.ts';
import { asNumber, positiveInteger } from '../fields.ts';

/** The fields of a node that can be said otherwise. */
const overridableFields = ['city', 'country', 'region', 'continent', 'isp', 'asn'] as const;
type Field = (typeof overridableFields)[number];

/** What is said of a node; texts as they would stand in Catchpoint's listing. */
export interface NodeOverride {
  readonly city?: string;
  readonly country?: string;
  readonly region?: string;
  readonly continent?: string;
  readonly isp?: string;
  /** Goes before the AS number of the push as well. */
  readonly asn?: number;
}

export type NodeOverrides = ReadonlyMap<number, NodeOverride>;

/** A file of overrides with something wrong in it: a line of the message each, with path and line. */
export class WrongOverrides extends Error {
  override readonly name = 'WrongOverrides';
  /** After sysexits: configuration. */
  readonly exitCode = 78;
}

/** What is being read, and what was found wrong with it so far. */
interface Reading {
  readonly at: (node: unknown) => string;
  readonly faults: string[];
}

/**
 * Reads the file's text: a map of node ids, each with a map of fields. An empty file has no overrides.
 *
 * @throws WrongOverrides with every fault at once
 */
export function nodeOverridesOf(path: string, text: string): NodeOverrides {
  const lines = new LineCounter();
  // Ids such as 0x10 or 1_000 stay what was written.
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const at = (node: unknown): string => `${path}:${lines.linePos((node as YamlNode | null)?.range?.[0] ?? 0).line}`;
  const reading: Reading = {
    at,
    faults: document.errors.map(({ message, pos }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`),
  };
  const overrides = new Map<number, NodeOverride>();
  const { contents } = document;
  if (reading.faults.length === 0 && contents !== null && !(isScalar(contents) && contents.value === null)) {
    if (!isMap(contents))
      reading.faults.push(`${at(contents)}: expected nodes as "id: fields", found ${kindOf(contents)}`);
    else for (const pair of contents.items) readNode(pair, overrides, reading);
  }
  if (reading.faults.length > 0) throw new WrongOverrides(reading.faults.join('\n'));
  return overrides;
}

function readNode({ key, value }: Pair, overrides: Map<number, NodeOverride>, { at, faults }: Reading): void {
  const written = writtenText(key);
  const id = positiveInteger(written);
  if (id === undefined) {
    faults.push(
      `${at(key)}: expected the id of a node, an integer from 1 to 2^53-1, found ${JSON.stringify(written ?? kindOf(key))}`,
    );
  } else if (overrides.has(id)) {
    faults.push(`${at(key)}: node ${id}: stands here a second time`);
  } else if (!isMap(value)) {
    faults.push(`${at(key)}: node ${id}: expected ${overridableFields.join(', ')}, found ${kindOf(value)}`);
  } else {
    overrides.set(id, overrideOf(id, value.items, { at, faults }));
  }
}

function overrideOf(id: number, pairs: readonly Pair[], { at, faults }: Reading): NodeOverride {
  const fields = new Map<Field, string | number>();
  for (const { key, value } of pairs) {
    const name = writtenText(key) ?? kindOf(key);
    const field = overridableFields.find((each) => each === name);
    const wrong = (words: string): void => void faults.push(`${at(key)}: node ${id}: ${words}`);
    if (field === undefined) wrong(`${name}: no such field${meant(name)}`);
    else if (fields.has(field)) wrong(`${field}: stands here a second time`);
    else {
      const read = field === 'asn' ? asn(value) : place(value);
      if (read === undefined) wrong(`${field}: ${expectation(field)}, found ${foundAt(value)}`);
      else fields.set(field, read);
    }
  }
  return Object.fromEntries(fields);
}

function asn(value: unknown): number | undefined {
  return asNumber(writtenText(value));
}

function place(value: unknown): string | undefined {
  const written = isScalar(value) && value.value !== null ? writtenText(value) : undefined;
  return written === undefined || legalTagText(written) === undefined ? undefined : written;
}

function expectation(field: Field): string {
  return field === 'asn'
    ? 'expected the number of an autonomous system, such as 4837'
    : 'expected a text with something in it that can be a tag';
}

function meant(name: string): string {
  const near = overridableFields.find((field) => distance(field, name.toLowerCase()) <= 2);
  return `; ${near === undefined ? `there are ${overridableFields.join(', ')}` : `did you mean ${near}?`}`;
}

/** A scalar as it was written: 007 stays 007. */
function writtenText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function foundAt(node: unknown): string {
  const written = writtenText(node);
  return written === undefined ? kindOf(node) : JSON.stringify(written.slice(0, 80));
}

function kindOf(node: unknown): string {
  if (isMap(node)) return 'a map';
  if (isScalar(node)) return node.value === null ? 'nothing' : 'a single value';
  return node === null || node === undefined ? 'nothing' : 'a list';
}
