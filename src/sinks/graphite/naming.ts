// Names a point's series in Graphite by a template: tagged, `metric;tag=value`, or dotted.

import type { DataPoint, Tags } from '../../model/point.ts';
import { exactPath, legalNode, legalPath, legalTagName, legalTagValue, withoutEmptyNodes } from '../carbon-name.ts';
import { defaultTemplates, type NamingForm, parseTemplate, type Template, type TemplatePart } from './template.ts';

export interface NamingOptions {
  readonly form: NamingForm;
  /** Default: `defaultTemplates[form]`. */
  readonly template?: string | undefined;
  /** Tags that the name leaves out, such as one with the same value in every point. */
  readonly omitTags?: readonly string[];
}

/** Returns the name of a point's series; empty when it has no legal character. */
export type Naming = (point: Pick<DataPoint, 'metric' | 'tags'>) => string;

type Tag = readonly [name: string, value: string];

/**
 * Tags are sorted, so that a series has one name whatever the order in its points: in dotted names by tag name, in tagged
 * names as Carbon sorts them (TaggedSeries.format). A metric without tags is a path made for Carbon, and is kept.
 *
 * @throws Error for an invalid template
 */
export function naming({ form, template = defaultTemplates[form], omitTags = [] }: NamingOptions): Naming {
  const nodes = parseTemplate(template, form);
  const usedTags = new Set([...omitTags, ...nodes.flat().flatMap((part) => (part.kind === 'tag' ? [part.name] : []))]);
  return ({ metric, tags }) => {
    const others = Object.entries(tags).filter(([name]) => !usedTags.has(name));
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

/** Returns undefined where the point lacks the tag. */
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
