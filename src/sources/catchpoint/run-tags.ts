// The tags that identify the run of a point: the test's id, its name and its labels, within OpenTSDB's limit of tags.

import type { Tags } from '../../model/point.ts';
import { legalTagText } from '../../model/tag-text.ts';
import type { Measurement } from './measurement.ts';

/** A label of Catchpoint's that becomes a tag. */
export interface LabelTag {
  readonly tag: string;
  /** In lower case. */
  readonly label: string;
}

export interface RunTagOptions {
  /** Writes the test's id as the tag `testid` in place of the metric's last part. */
  readonly testAsTag?: boolean;
  /** Writes the test's name as the tag `testname`. */
  readonly testNameTag?: boolean;
  readonly labelTags?: readonly LabelTag[];
}

/** OpenTSDB's default for tsd.storage.max_tags. */
export const maxTags = 8;
/** The most tags a slice has without run tags: `nodeid`, the dimension and `status`. */
const maxSliceTags = 3;

/** Tags that a label cannot become. */
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

/** Parses `Label` or `tag=Label`. @throws Error naming what was expected and found */
export function parseLabelTag(given: string): LabelTag {
  const [, named, label = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(given) ?? [];
  const tag = named ?? legalTagText(label.trim());
  if (tag === undefined || !/^[A-Za-z0-9._/-]{1,64}$/.test(tag) || label.trim() === '') {
    throw new Error(
      `expected a label's name, or tag=label with a tag of A-Z a-z 0-9 . _ / -, found ${JSON.stringify(given.slice(0, 80))}`,
    );
  }
  return { tag, label: label.trim().toLowerCase() };
}

/** The run tags that fit in OpenTSDB's limit, and those that do not. They are the same for every point. */
export function tagsWithinBudget(options: RunTagOptions): {
  readonly kept: readonly string[];
  readonly dropped: readonly string[];
} {
  const wanted = [
    ...(options.testAsTag === true ? ['testid'] : []),
    ...(options.testNameTag === true ? ['testname'] : []),
    ...(options.labelTags ?? []).map(({ tag }) => tag),
  ];
  return { kept: wanted.slice(0, maxTags - maxSliceTags), dropped: wanted.slice(maxTags - maxSliceTags) };
}

/** The labels to read from each push, in lower case. */
export function wantedLabels(options: RunTagOptions): string[] {
  const { kept } = tagsWithinBudget(options);
  return (options.labelTags ?? []).filter(({ tag }) => kept.includes(tag)).map(({ label }) => label);
}

/** Undefined when the options ask for no run tags. */
export type RunTagger = (measurement: Measurement) => Tags | undefined;

/** A tag whose value is unknown, or has no legal character, is omitted. */
export function runTagger(options: RunTagOptions): RunTagger {
  const { kept } = tagsWithinBudget(options);
  if (kept.length === 0) return () => undefined;
  const labelOf = new Map((options.labelTags ?? []).map(({ tag, label }) => [tag, label]));
  const legalName = cached(legalTagText);
  return (measurement) => {
    const tags: Record<string, string> = {};
    for (const tag of kept) {
      const value = valueOf(measurement, tag, labelOf.get(tag), legalName);
      if (value !== undefined) tags[tag] = value;
    }
    return tags;
  };
}

const maxCachedNames = 5000;
/** Longer names are not cached. */
const maxCachedLength = 200;

function cached(legal: typeof legalTagText): typeof legalTagText {
  const cache = new Map<string, string | undefined>();
  return (text) => {
    if (cache.has(text)) return cache.get(text);
    if (cache.size >= maxCachedNames) cache.clear();
    const made = legal(text);
    if (text.length <= maxCachedLength) cache.set(text, made);
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

/** Joins the values of a label with dots, sorted. Catchpoint's labels have no dots. */
function joined(values: readonly string[]): string | undefined {
  const legal = values.map(legalTagText).filter((value) => value !== undefined);
  return legalTagText([...new Set(legal)].toSorted().join('.'));
}
