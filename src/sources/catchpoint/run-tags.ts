// The tags that say which run a point is of, beside those of its slice: the test's id, its name and its labels, within OpenTSDB's eight.

import type { Tags } from '../../model/point.ts';
import { legalTagText } from '../../model/tag-text.ts';
import type { Measurement } from './measurement.ts';

/** A label that becomes a tag. */
export interface LabelTag {
  readonly tag: string;
  /** As Catchpoint has it, in lower case. */
  readonly label: string;
}

export interface RunTagOptions {
  /** The test's id as the tag `testid`, in place of the metric's tail. */
  readonly testAsTag?: boolean;
  /** The test's name as the tag `testname`. */
  readonly testNameTag?: boolean;
  readonly labelTags?: readonly LabelTag[];
}

/** tsd.storage.max_tags, unless somebody has raised it. */
export const maxTags = 8;
/** Of a status: the node, the slice and the status; no point has more of its own. */
const ownTags = 3;

/** Names that mean something else already. */
export const reservedTags = [
  'nodeid',
  'asn',
  'continent',
  'city',
  'country',
  'region',
  'isp',
  'status',
  'error',
  'testid',
  'testname',
];

/** A label and its tag, given as `Label` or `tag=Label`. Throws an Error that says what was expected and found. */
export function labelTag(given: string): LabelTag {
  const [, named, label = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(given) ?? [];
  const tag = named ?? legalTagText(label.trim());
  if (tag === undefined || !/^[A-Za-z0-9._/-]{1,64}$/.test(tag) || label.trim() === '') {
    throw new Error(
      `expected a label's name, or tag=label with a tag of A-Z a-z 0-9 . _ / -, found ${JSON.stringify(given.slice(0, 80))}`,
    );
  }
  return { tag, label: label.trim().toLowerCase() };
}

/** The tags of a run that are written, and those for which there is no room: all points of an installation have the same. */
export function tagsWithinBudget(options: RunTagOptions): {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
} {
  const wanted = [
    ...(options.testAsTag === true ? ['testid'] : []),
    ...(options.testNameTag === true ? ['testname'] : []),
    ...(options.labelTags ?? []).map(({ tag }) => tag),
  ];
  return { kept: wanted.slice(0, maxTags - ownTags), dropped: wanted.slice(maxTags - ownTags) };
}

/** The labels that a push is read for. */
export function wantedLabels(options: RunTagOptions): string[] {
  const { kept } = tagsWithinBudget(options);
  return (options.labelTags ?? []).filter(({ tag }) => kept.includes(tag)).map(({ label }) => label);
}

/** The tags of a run; undefined where the installation wants none. */
export type RunTagger = (measurement: Measurement) => Tags | undefined;

/** Makes the tagger of an installation. A tag whose value is not known, or has nothing legal in it, is left out. */
export function runTagger(options: RunTagOptions): RunTagger {
  const { kept } = tagsWithinBudget(options);
  if (kept.length === 0) return () => undefined;
  const labelOf = new Map((options.labelTags ?? []).map(({ tag, label }) => [tag, label]));
  const legalName = remembering(legalTagText);
  return (measurement) => {
    const tags: Record<string, string> = {};
    for (const tag of kept) {
      const value = valueOf(measurement, tag, labelOf.get(tag), legalName);
      if (value !== undefined) tags[tag] = value;
    }
    return tags;
  };
}

/** Over so many test names they are made legal anew, and so is one that is longer. */
const mostNames = 5000;
const longestName = 200;

function remembering(legal: (text: string) => string | undefined): (text: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    if (known.size >= mostNames) known.clear();
    const made = legal(text);
    if (text.length <= longestName) known.set(text, made);
    return made;
  };
}

function valueOf(
  { testId, testName, labels }: Measurement,
  tag: string,
  label: string | undefined,
  legalName: typeof legalTagText,
): string | undefined {
  if (label !== undefined) return joined(labels?.[label] ?? []);
  if (tag === 'testid') return String(testId);
  return testName === undefined ? undefined : legalName(testName);
}

/** Several values of a label become one, in an order of their own: no label of Catchpoint's has a dot in it. */
function joined(values: readonly string[]): string | undefined {
  const legal = values.map(legalTagText).filter((value) => value !== undefined);
  return legalTagText([...new Set(legal)].toSorted().join('.'));
}
