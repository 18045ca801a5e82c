// The name of a point's series in Graphite: tagged, `metric;tag=value`, or dotted, by a template.

import type { DataPoint, Tags } from '../../model/point.ts';
import { exactPath, legalNode, legalPath, legalTagName, legalTagValue, withoutEmptyNodes } from './legal-name.ts';
import { type NamingForm, readTemplate, type Template, type TemplatePart, usualTemplates } from './template.ts';

export interface NamingOptions {
  readonly form: NamingForm;
  /** Default: usualTemplates. */
  readonly template?: string | undefined;
  /** Tags that are left out of the name: such as say the same of every point. */
  readonly omitTags?: readonly string[];
}

/** The name of a point's series; empty when nothing legal is left of it. */
export type Naming = (point: Pick<DataPoint, 'metric' | 'tags'>) => string;

type Tag = readonly [name: string, value: string];

/**
 * Names as a template has them. Tags stand in the order of their names, so that a series has one name whoever made the point;
 * in tagged names, in the order in which Carbon itself writes them (TaggedSeries.format). A metric without tags is a path that was made
 * for Carbon, and stays as it is in either form.
 *
 * @throws Error for a template that is none
 */
export function naming({ form, template = usualTemplates[form], omitTags = [] }: NamingOptions): Naming {
  const nodes = readTemplate(template, form);
  const placed = new Set([...omitTags, ...nodes.flat().flatMap((part) => (part.kind === 'tag' ? [part.name] : []))]);
  return ({ metric, tags }) => {
    const others = Object.entries(tags).filter(([name]) => !placed.has(name));
    const path = pathOf(nodes, metric, tags, others.toSorted(byName));
    if (form === 'dotted' || path === '') return path;
    return (
      path +
      others
        .map(([name, value]) => `;${legalTagName(name)}=${legalTagValue(value)}`)
        .toSorted()
        .join('')
    );
  };
}

function pathOf(nodes: Template, metric: string, tags: Tags, others: readonly Tag[]): string {
  const texts = nodes.flatMap((node) => {
    const parts = node.map((part) => textOf(part, metric, tags, others));
    return parts.includes(undefined) ? [] : [parts.join('')];
  });
  return withoutEmptyNodes(texts.join('.'));
}

/** Undefined where a point does not have the tag. */
function textOf(part: TemplatePart, metric: string, tags: Tags, others: readonly Tag[]): string | undefined {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'metric':
      return Object.keys(tags).length === 0 ? exactPath(metric) : legalPath(metric);
    case 'tag':
      return Object.hasOwn(tags, part.name) ? legalNode(tags[part.name] as string) : undefined;
    case 'tags':
      return others.flatMap((tag) => tag.map(legalNode)).join('.');
    case 'values':
      return others.map(([, value]) => legalNode(value)).join('.');
  }
}

function byName([one]: Tag, [other]: Tag): number {
  return one < other ? -1 : 1;
}
