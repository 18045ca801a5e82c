// The tag filters of OpenTSDB 2.4's queries: which there are, and which series they let through.

import type { Tags } from '../../../model/point.ts';

export interface TagFilter {
  readonly tagk: string;
  readonly isGroupedBy: boolean;
  /** Tag values that must be known by name. */
  readonly literals: readonly string[];
  matches(tags: Tags): boolean;
}

export type Refuse = (message: string) => never;

/** A type by its name: the test of a tag's value that its text describes. */
type Maker = (text: string, refuse: Refuse) => (value: string) => boolean;

const oneOf = (text: string): readonly string[] => text.split('|');

const wildcard = (text: string, refuse: Refuse, flags = ''): ((value: string) => boolean) => {
  if (!text.includes('*')) return refuse('Filter must contain an asterisk');
  const pattern = text
    .split('*')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  const expression = new RegExp(`^${pattern}$`, flags);
  return (value) => expression.test(value);
};

const makers: Readonly<Record<string, Maker>> = {
  literal_or: (text) => (value) => oneOf(text).includes(value),
  iliteral_or: (text) => (value) => oneOf(text.toLowerCase()).includes(value.toLowerCase()),
  not_literal_or: (text) => (value) => !oneOf(text).includes(value),
  not_iliteral_or: (text) => (value) => !oneOf(text.toLowerCase()).includes(value.toLowerCase()),
  wildcard: (text, refuse) => wildcard(text, refuse),
  iwildcard: (text, refuse) => wildcard(text, refuse, 'i'),
  regexp: (text, refuse) => {
    try {
      const expression = new RegExp(text);
      return (value) => expression.test(value);
    } catch {
      return refuse(`Invalid regular expression: ${text}`);
    }
  },
};

/** As /api/config/filters names them; `not_key` is not simulated. */
export const filterTypes: readonly string[] = Object.keys(makers).toSorted();

/** Reads `filters`, and the older `tags`, each of which groups. */
export function readFilters(filters: unknown, tags: unknown, refuse: Refuse): TagFilter[] {
  if (filters !== undefined && !Array.isArray(filters)) refuse('Unable to parse the given JSON');
  const fromTags = Object.entries(typeof tags === 'object' && tags !== null ? tags : {}).map(([tagk, filter]) => {
    const text = String(filter);
    return readFilter(
      { tagk, filter: text, type: text.includes('*') ? 'wildcard' : 'literal_or', groupBy: true },
      refuse,
    );
  });
  return [...((filters as unknown[] | undefined) ?? []).map((filter) => readFilter(filter, refuse)), ...fromTags];
}

function readFilter(given: unknown, refuse: Refuse): TagFilter {
  const { tagk, filter, type, groupBy = false, ...others } = (given ?? {}) as Record<string, unknown>;
  const [strange] = Object.keys(others);
  if (strange !== undefined) return refuse(`${strange}: not understood by the simulator`);
  if (typeof type !== 'string' || type === '') return refuse('The filter type cannot be null or empty');
  if (typeof tagk !== 'string' || tagk === '') return refuse('The tagk cannot be null or empty');
  const maker = Object.hasOwn(makers, type) ? makers[type] : undefined;
  if (maker === undefined) return refuse(`Could not find a tag value filter of the type: ${type}`);
  if (typeof filter !== 'string' || filter === '') return refuse('Filter cannot be null or empty');
  const fits = maker(filter, refuse);
  return {
    tagk,
    isGroupedBy: groupBy === true,
    literals: type === 'literal_or' ? oneOf(filter) : [],
    matches: ({ [tagk]: value }) => value !== undefined && fits(value),
  };
}
