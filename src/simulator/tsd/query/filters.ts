// The tag filters of OpenTSDB 2.4's queries.

import type { Tags } from '../../../model/point.ts';
import { BadRequest, invalidJson } from '../answers.ts';

export interface TagFilter {
  readonly tagk: string;
  readonly isGroupedBy: boolean;
  /** Tag values that must have a UID. */
  readonly literals: readonly string[];
  matches(tags: Tags): boolean;
}

type Matcher = (value: string) => boolean;

/** Makes the matcher of a filter's text, by filter type. */
const matchers: Readonly<Record<string, (text: string) => Matcher>> = {
  literal_or: literalOr,
  iliteral_or: (text) => ignoringCase(literalOr, text),
  not_literal_or: (text) => not(literalOr(text)),
  not_iliteral_or: (text) => not(ignoringCase(literalOr, text)),
  wildcard,
  iwildcard: (text) => ignoringCase(wildcard, text),
  regexp,
};

/** The answer of /api/config/filters. `not_key` is not simulated. */
export const filterTypes: readonly string[] = Object.keys(matchers).toSorted();

function literalOr(text: string): Matcher {
  const literals = text.split('|');
  return (value) => literals.includes(value);
}

function wildcard(text: string): Matcher {
  if (!text.includes('*')) throw new BadRequest('Filter must contain an asterisk');
  const parts = text.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return regexp(`^${parts.join('.*')}$`);
}

function regexp(text: string): Matcher {
  try {
    const expression = new RegExp(text);
    return (value) => expression.test(value);
  } catch {
    throw new BadRequest(`Invalid regular expression: ${text}`);
  }
}

function ignoringCase(matcher: (text: string) => Matcher, text: string): Matcher {
  const matches = matcher(text.toLowerCase());
  return (value) => matches(value.toLowerCase());
}

function not(matches: Matcher): Matcher {
  return (value) => !matches(value);
}

/** @throws BadRequest */
export function readFilters(filters: unknown = []): TagFilter[] {
  if (!Array.isArray(filters)) throw invalidJson();
  return filters.map(readFilter);
}

function readFilter(given: unknown): TagFilter {
  const { tagk, filter, type, groupBy, ...others } = (given ?? {}) as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new BadRequest(`${unknown}: not understood by the simulator`);
  if (typeof type !== 'string' || type === '') throw new BadRequest('The filter type cannot be null or empty');
  if (typeof tagk !== 'string' || tagk === '') throw new BadRequest('The tagk cannot be null or empty');
  const matcher = Object.hasOwn(matchers, type) ? matchers[type] : undefined;
  if (matcher === undefined) throw new BadRequest(`Could not find a tag value filter of the type: ${type}`);
  if (typeof filter !== 'string' || filter === '') throw new BadRequest('Filter cannot be null or empty');
  const matches = matcher(filter);
  return {
    tagk,
    isGroupedBy: groupBy === true,
    literals: type === 'literal_or' ? filter.split('|') : [],
    matches: ({ [tagk]: value }) => value !== undefined && matches(value),
  };
}
