// The template of a name in Graphite, such as `eu.{metric}.{tag:nodeid}.{values}`: nodes of text and of what stands in braces.

import { legalNode } from './legal-name.ts';

/** How tags reach Graphite: beside the name, or as nodes of it. */
export type NamingForm = 'tagged' | 'dotted';

/** What a part of a node stands for. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'metric' | 'tags' | 'values' }
  | { readonly kind: 'tag'; readonly name: string };

/** The nodes between the dots, each of one or more parts. */
export type Template = readonly (readonly TemplatePart[])[];

export const usualTemplates: Readonly<Record<NamingForm, string>> = { tagged: '{metric}', dotted: '{metric}.{tags}' };

/**
 * Reads a template: text, and in braces `metric` (its dots stay), `tag:NAME` (the value of a tag; a node with a tag that a point
 * does not have is left out), and, as nodes of their own in dotted names, `tags` (each other tag as `name.value`, by name) or
 * `values` (the values alone).
 *
 * @throws Error that says what was expected and found. A name must hold the metric and every tag, or two series would become one.
 */
export function readTemplate(text: string, form: NamingForm): Template {
  const wrong = (what: string): Error => new Error(`expected ${what}, found ${JSON.stringify(text.slice(0, 200))}`);
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

function readPart(part: string, wrong: (what: string) => Error): TemplatePart {
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
