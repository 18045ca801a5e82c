// Parses the file of node overrides: YAML or JSON, with fields by node id that replace Catchpoint's.

import { distance } from 'fastest-levenshtein';
import { isMap, isScalar, LineCounter, type Node as YamlNode, type Pair, parseDocument } from 'yaml';
import { legalTagText } from '../../../model/tag-text.ts';
import { asNumber, positiveInteger } from '../fields.ts';

const overridableFields = ['city', 'country', 'region', 'continent', 'isp', 'asn'] as const;
type Field = (typeof overridableFields)[number];

/** Texts are as in Catchpoint's listing: the slicer makes them legal. */
export interface NodeOverride {
  readonly city?: string;
  readonly country?: string;
  readonly region?: string;
  readonly continent?: string;
  readonly isp?: string;
  /** Replaces the AS number of the push as well. */
  readonly asn?: number;
}

export type NodeOverrides = ReadonlyMap<number, NodeOverride>;

/** The message has a line for each fault, with path and line number. */
export class WrongOverrides extends Error {
  override readonly name = 'WrongOverrides';
  /** EX_CONFIG of sysexits. */
  readonly exitCode = 78;
}

interface Parsing {
  /** The path and line of a YAML node. */
  readonly at: (node: unknown) => string;
  readonly faults: string[];
}

/**
 * Parses a map of node ids, each with a map of fields. An empty file has no overrides.
 *
 * @throws WrongOverrides with all faults
 */
export function nodeOverridesOf(path: string, text: string): NodeOverrides {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const at = (node: unknown): string => `${path}:${lines.linePos((node as YamlNode | null)?.range?.[0] ?? 0).line}`;
  const parsing: Parsing = {
    at,
    faults: document.errors.map(({ message, pos }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`),
  };
  const overrides = new Map<number, NodeOverride>();
  const { contents } = document;
  if (parsing.faults.length === 0 && contents !== null && !(isScalar(contents) && contents.value === null)) {
    if (!isMap(contents))
      parsing.faults.push(`${at(contents)}: expected nodes as "id: fields", found ${kindOf(contents)}`);
    else for (const pair of contents.items) parseNode(pair, overrides, parsing);
  }
  if (parsing.faults.length > 0) throw new WrongOverrides(parsing.faults.join('\n'));
  return overrides;
}

function parseNode({ key, value }: Pair, overrides: Map<number, NodeOverride>, { at, faults }: Parsing): void {
  const source = sourceText(key);
  const id = positiveInteger(source);
  if (id === undefined) {
    faults.push(
      `${at(key)}: expected the id of a node, an integer from 1 to 2^53-1, found ${JSON.stringify(source ?? kindOf(key))}`,
    );
  } else if (overrides.has(id)) {
    faults.push(`${at(key)}: node ${id}: stands here a second time`);
  } else if (!isMap(value)) {
    faults.push(`${at(key)}: node ${id}: expected ${overridableFields.join(', ')}, found ${kindOf(value)}`);
  } else {
    overrides.set(id, overrideOf(id, value.items, { at, faults }));
  }
}

function overrideOf(id: number, pairs: readonly Pair[], { at, faults }: Parsing): NodeOverride {
  const fields = new Map<Field, string | number>();
  for (const { key, value } of pairs) {
    const name = sourceText(key) ?? kindOf(key);
    const field = overridableFields.find((each) => each === name);
    const addFault = (fault: string): void => void faults.push(`${at(key)}: node ${id}: ${fault}`);
    if (field === undefined) addFault(`${name}: no such field${suggestion(name)}`);
    else if (fields.has(field)) addFault(`${field}: stands here a second time`);
    else {
      const text = sourceText(value);
      const valid = field === 'asn' ? asNumber(text) : place(text);
      if (valid === undefined)
        addFault(
          `${field}: ${expectation(field)}, found ${text === undefined ? kindOf(value) : JSON.stringify(text.slice(0, 80))}`,
        );
      else fields.set(field, valid);
    }
  }
  return Object.fromEntries(fields);
}

function place(text: string | undefined): string | undefined {
  return text !== undefined && legalTagText(text) !== undefined ? text : undefined;
}

function expectation(field: Field): string {
  return field === 'asn'
    ? 'expected the number of an autonomous system, such as 4837'
    : 'expected a text with something in it that can be a tag';
}

function suggestion(name: string): string {
  const near = overridableFields.find((field) => distance(field, name.toLowerCase()) <= 2);
  return `; ${near === undefined ? `there are ${overridableFields.join(', ')}` : `did you mean ${near}?`}`;
}

/** A scalar as the file has it: 007 stays 007, 0x10 stays 0x10. */
function sourceText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function kindOf(node: unknown): string {
  if (isMap(node)) return 'a map';
  if (isScalar(node)) return node.value === null ? 'nothing' : 'a single value';
  return node === null || node === undefined ? 'nothing' : 'a list';
}
