// Parses the template of a Graphite name, such as `eu.{metric}.{tag:nodeid}.{values}`.

import { legalNode } from '../carbon-name.ts';

/** Tags follow the name, or are nodes of it. */
export type NamingForm = 'tagged' | 'dotted';

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'metric' | 'tags' | 'values' }
  | { readonly kind: 'tag'; readonly name: string };

/** Nodes, each of one or more parts. */
export type Template = readonly (readonly TemplatePart[])[];

export const defaultTemplates: Readonly<Record<NamingForm, string>> = { tagged: '{metric}', dotted: '{metric}.{tags}' };

/**
 * Placeholders: `metric`, with its dots; `tag:NAME`, the value of a tag, whose node a point without the tag leaves out. In
 * dotted names also `tags`, every other tag as `name.value` by name, or `values`, their values; each a node of its own.
 *
 * @throws Error with what was expected and found. The name must hold the metric and every tag, or two series would merge.
 */
export function parseTemplate(text: string, form: NamingForm): Template {
  const wrong = (expected: string): Error =>
    new Error(`expected ${expected}, found ${JSON.stringify(text.slice(0, 200))}`);
  const nodes = text.match(/(?:\{[^{}]*\}|[^.{}])+/g) ?? [];
  if (nodes.join('.') !== text) throw wrong('nodes with a dot between them, and a name in each pair of braces');
  const template = nodes.map((node) => (node.match(/\{[^{}]*\}|[^{}]+/g) ?? []).map((part) => readPart(part, wrong)));
  const count = (kinds: readonly string[]): number => template.flat().filter(({ kind }) => kinds.includes(kind)).length;
  if (count(['metric']) !== 1) throw wrong('{metric} once');
  const tags = count(['tags', 'values']);
  if (form === 'dotted' && tags !== 1) throw wrong('one of {tags} and {values} in dotted names, that no tag is lost');
  if (form === 'tagged' && tags !== 0)
    throw wrong('neither {tags} nor {values} in tagged names, where tags follow the name');
  const isMixed = template.some(
    (node) => node.length > 1 && node.some(({ kind }) => kind === 'tags' || kind === 'values'),
  );
  if (isMixed) throw wrong('{tags} and {values} as nodes of their own');
  return template;
}

function readPart(part: string, wrong: (expected: string) => Error): TemplatePart {
  if (!part.startsWith('{')) {
    if (legalNode(part) !== part) throw wrong('letters, digits and _:%+@#$&^!<>=~- as text');
    return { kind: 'text', text: part };
  }
  const name = part.slice(1, -1);
  if (name === 'metric' || name === 'tags' || name === 'values') return { kind: name };
  const tag = /^tag:([A-Za-z0-9._/-]+)$/.exec(name)?.[1];
  if (tag === undefined) throw wrong('{metric}, {tags}, {values} or {tag:NAME}');
  return { kind: 'tag', name: tag };
}
