// Parses the JSON of a put as OpenTSDB's Jackson does: numbers keep their text, and scalars are coerced.

import { BadRequest, invalidJson, parseJson } from './answers.ts';
import type { ReceivedPut } from './rules.ts';

/**
 * The points of a body.
 *
 * @throws BadRequest if the body is empty, is not JSON, or has a member of the wrong type; nothing is stored then
 */
export function readPuts(text: string): ReceivedPut[] {
  if (text === '') throw new BadRequest('Missing request content');
  const content = text.trim();
  if (!content.startsWith('{') && !content.startsWith('[')) {
    throw new BadRequest('The JSON must start as an object or an array');
  }
  const parsed = parse(content);
  const puts = Array.isArray(parsed) ? parsed : [parsed];
  if (puts.length === 0) throw new BadRequest('No datapoints found in content');
  return puts.map(readPut);
}

const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Turns every number into a string of its text. */
function parse(content: string): unknown {
  parseJson(content);
  return JSON.parse(content.replace(stringOrNumber, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}

function readPut(value: unknown): ReceivedPut {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidJson();
  const { metric, timestamp, value: number, tags } = value as Record<string, unknown>;
  return { metric: scalar(metric), timestamp: long(scalar(timestamp)), value: scalar(number), tags: tagMap(tags) };
}

function scalar(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  throw invalidJson();
}

function long(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const number = Math.trunc(Number(text));
  if (!Number.isFinite(number)) throw invalidJson();
  return number;
}

function tagMap(tags: unknown): Map<string, string> | undefined {
  if (tags === undefined || tags === null) return undefined;
  if (typeof tags !== 'object' || Array.isArray(tags)) throw invalidJson();
  return new Map(Object.entries(tags).map(([name, value]) => [name, scalar(value) ?? '']));
}
