// The labels of containers that become tags.

import { isPlainName, maxTags } from '../../../model/legal-point.ts';
import { legalTagText } from '../../../model/tag-text.ts';

export interface LabelTag {
  readonly label: string;
  readonly tag: string;
}

/** Tags that the source itself sets. */
const ownTags = ['host', 'container', 'image', 'category', 'interface', 'state'];

/** host, container, image, category and interface take places, whether a point has all of them or not. */
const maxLabelTags = maxTags - 5;

/**
 * Reads `LABEL`, whose name becomes the tag, or `TAG=LABEL`.
 *
 * @throws Error for a tag that OpenTSDB does not take, or that the source sets itself
 */
export function parseLabelTag(text: string): LabelTag {
  const trimmed = text.trim();
  const equalsAt = trimmed.indexOf('=');
  const tag = equalsAt === -1 ? trimmed : trimmed.slice(0, equalsAt);
  const label = trimmed.slice(equalsAt + 1);
  const found = JSON.stringify(trimmed.slice(0, 80));
  if (label === '') throw new Error(`expected LABEL or TAG=LABEL, found ${found}`);
  // A tag that legalTagText would change could become that of another label.
  if (!isPlainName(tag) || legalTagText(tag) !== tag) {
    throw new Error(
      `expected a tag of letters, digits and -_./, without _ at an end (TAG=LABEL gives another name to a label), found ${found}`,
    );
  }
  if (ownTags.includes(tag)) {
    throw new Error(`expected a tag other than ${ownTags.join(', ')}, which the source sets itself, found ${found}`);
  }
  return { label, tag };
}

/**
 * Reads a list, in which each tag occurs once; see parseLabelTag.
 *
 * @throws Error
 */
export function parseLabelTags(texts: readonly string[]): readonly LabelTag[] {
  const labelTags = texts.map(parseLabelTag);
  const seen = new Set<string>();
  for (const { tag, label } of labelTags) {
    if (seen.has(tag)) throw new Error(`expected each tag once, found ${tag} again for the label ${label}`);
    seen.add(tag);
  }
  return labelTags;
}

/** Splits a list into the labels that become tags, and those that are one too many for OpenTSDB's 8 tags. */
export function splitLabelTags(labelTags: readonly LabelTag[]): {
  readonly used: readonly LabelTag[];
  readonly leftOut: readonly LabelTag[];
} {
  return { used: labelTags.slice(0, maxLabelTags), leftOut: labelTags.slice(maxLabelTags) };
}
